defmodule Shop.Repo.Migrations.Roles do
  use Ecto.Migration

  @limit 20

  def up do
    execute("CREATE ROLE app LOGIN CONNECTION LIMIT #{@limit}")

    execute """
    SET lock_timeout = 1000;
    CREATE ROLE batch LOGIN CONNECTION LIMIT -1 -- expect: PG001
    """

    execute "CREATE ROLE report LOGIN CONNECTION LIMIT 3", "ALTER ROLE app CONNECTION LIMIT -1" # expect: PG009
  end

  def down, do: execute("ALTER ROLE report CONNECTION LIMIT -1") # expect: PG009
end
