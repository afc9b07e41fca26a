"""env: how Alembic reaches the database: always over the connection that the store hands it."""

from alembic import context

from monitor.adapters.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
