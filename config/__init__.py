"""Settings, database, logging, migrations and the Celery application: what every other room stands on."""
