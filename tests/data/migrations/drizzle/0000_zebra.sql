CREATE ROLE "app" WITH LOGIN;--> statement-breakpoint
CREATE TABLE "t" ("id" serial);
