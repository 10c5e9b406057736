"""The blind index of submissions: which work holds which word, in numbers that only the key ring can make."""

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base


class SearchTerm(Base):
    """One word of one submission; see `privacy.blind_index`. Goes with the submission."""

    __tablename__ = "search_term"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"), primary_key=True)
    term: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"), primary_key=True, index=True)
