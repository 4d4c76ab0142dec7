class Roles < ActiveRecord::Migration[6.1]
  LIMIT = 20

  def up
    execute <<~SQL
      CREATE ROLE app
        LOGIN CONNECTION LIMIT #{LIMIT};
      CREATE ROLE batch LOGIN; -- expect: PG001
    SQL
    execute "CREATE ROLE report LOGIN " \
            "CONNECTION LIMIT 3"
  end

  def down
    execute "ALTER ROLE app CONNECTION LIMIT -1" # expect: PG009
  end
end
