class Reversible < ActiveRecord::Migration[6.1]
  def change
    reversible do |dir|
      dir.up { execute "ALTER ROLE app CONNECTION LIMIT 30" }
      dir.down { execute "ALTER ROLE app CONNECTION LIMIT -1" } # expect: PG009
    end
    ActiveRecord::Base.transaction do
      execute(%q(ALTER ROLE report CONNECTION LIMIT -1)) # expect: PG001
    end
  end
end
