"""The store on PostgreSQL: any number of servers, each with one writer, on one database."""
