"""Who gets what: the one module in which the parts are put together, for web processes and workers alike."""

from collections.abc import Mapping
from uuid import UUID

import requests
from celery import Celery
from kombu.exceptions import OperationalError

from config.celery import make_celery
from config.clock import Clock, utc_now
from config.database import open_database
from config.logging import fields, get_logger
from config.migrate import is_current, upgrade
from config.settings import Settings, prepare_data_dir, secret_key
from grading import tasks
from grading.batches.run import Runner
from grading.providers.base import Provider
from grading.providers.openai import OpenAIProvider
from grading.roster_refresh import refresh_roster
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.services.ags import AgsGradebook
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.nrps import NrpsRosterSource
from lti_tool.parts import Parts
from privacy.audit import AuditLog
from privacy.keyring import create_keyring, load_keyring
from privacy.sealing import Vault
