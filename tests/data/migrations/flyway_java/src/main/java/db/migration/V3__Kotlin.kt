package db.migration

class V3__Kotlin : BaseJavaMigration() {
    override fun migrate(context: Context) {
        val limit = -1
        context.connection.createStatement().use {
            it.execute("ALTER ROLE batch CONNECTION LIMIT 9")
            it.execute(
                """
                SET lock_timeout = 1000;
                ALTER ROLE app CONNECTION LIMIT -1 -- expect: PG001
                """.trimIndent()
            )
        }
    }
}
