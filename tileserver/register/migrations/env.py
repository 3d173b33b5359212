"""What Alembic runs: the steps, on the connection that it is handed."""

from alembic import context

from tileserver.register.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
