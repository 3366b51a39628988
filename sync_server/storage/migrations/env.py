"""Run by alembic: migrates over the connection that ``schema.py`` hands it."""

from alembic import context

if hasattr(context, "config"):  # not when a tool merely imports this file
    context.configure(
        connection=context.config.attributes["connection"],
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
