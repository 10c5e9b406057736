"""Columns that many tables share."""

import uuid
from datetime import datetime
from typing import Annotated

from sqlalchemy import JSON, BigInteger, String
from sqlalchemy.orm import mapped_column

from config.clock import utc_now
from config.database import JsonObject, UtcDateTime
from privacy.columns import Sealed

__all__ = ["Created", "Hundredths", "Json", "Key", "LmsId", "MicroDollars", "Moment", "Sealed", "Url"]

# Made in Python before the insert, because associated data of sealed columns binds to it.
Key = Annotated[uuid.UUID, mapped_column(primary_key=True, default=uuid.uuid4)]
Created = Annotated[datetime, mapped_column(UtcDateTime(), default=utc_now)]
Moment = Annotated[datetime, mapped_column(UtcDateTime())]
# Opaque identifiers of an LMS: at most 255 ASCII characters, compared case-sensitively (LTI Core 1.3).
LmsId = Annotated[str, mapped_column(String(255))]
Url = Annotated[str, mapped_column(String(2048))]
MicroDollars = Annotated[int, mapped_column(BigInteger())]
# Points are kept as whole hundredths, so that no sum ever depends on binary fractions.
Hundredths = Annotated[int, mapped_column()]
Json = Annotated[JsonObject, mapped_column(JSON())]
