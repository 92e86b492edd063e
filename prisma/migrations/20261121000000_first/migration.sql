CREATE TABLE "policies" (
    "hash" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "loaded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "policies_pkey" PRIMARY KEY ("hash")
);

CREATE TABLE "access_requests" (
    "id" UUID NOT NULL,
    "number" SERIAL NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "status" TEXT NOT NULL,
    "dedupe_key" TEXT,
    "source" TEXT NOT NULL,
    "requester_email" TEXT NOT NULL,
    "requester_name" TEXT NOT NULL,
    "requester_slack_id" TEXT,
    "resource" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "duration_seconds" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "ticket" TEXT,
    "policy_version" TEXT NOT NULL,
    "rule" TEXT,
    "terms" JSONB NOT NULL,
    "planned" JSONB NOT NULL,
    "decisions" JSONB NOT NULL DEFAULT '[]',
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "respond_by" TIMESTAMPTZ(3),
    "closed_at" TIMESTAMPTZ(3),
    CONSTRAINT "access_requests_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "access_requests_status" CHECK ("status" IN ('pending', 'approved', 'denied', 'cancelled', 'expired', 'refused')),
    CONSTRAINT "access_requests_duration" CHECK ("duration_seconds" > 0),
    -- Nobody decides their own request, whatever the code above believes.
    CONSTRAINT "access_requests_no_self_decision" CHECK (
        NOT ("decisions" @> jsonb_build_array(jsonb_build_object('email', "requester_email")))
    )
);

CREATE TABLE "grants" (
    "id" UUID NOT NULL,
    "request_id" UUID NOT NULL,
    "status" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "target" JSONB NOT NULL,
    "state" JSONB,
    "duration_seconds" INTEGER NOT NULL,
    "active_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),
    "revoke_reason" TEXT,
    "revoked_at" TIMESTAMPTZ(3),
    "revoke_attempts" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    CONSTRAINT "grants_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "grants_status" CHECK ("status" IN ('granting', 'active', 'revoking', 'revoked')),
    -- Access that is active ends: there is no active grant without its expiry.
    CONSTRAINT "grants_active_expires" CHECK (
        "status" <> 'active' OR ("active_at" IS NOT NULL AND "expires_at" IS NOT NULL)
    )
);

CREATE TABLE "effects" (
    "id" UUID NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "request_id" UUID NOT NULL,
    "grant_id" UUID,
    "kind" TEXT NOT NULL,
    "queue" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "retry_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "locked_until" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "done_at" TIMESTAMPTZ(3),
    CONSTRAINT "effects_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "audit_events" (
    "id" UUID NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "type" TEXT NOT NULL,
    "request_id" UUID,
    "grant_id" UUID,
    "actor_kind" TEXT NOT NULL,
    "actor_email" TEXT,
    "actor_slack_id" TEXT,
    "requester_email" TEXT,
    "resource" TEXT,
    "role" TEXT,
    "rule" TEXT,
    "policy_version" TEXT,
    "data" JSONB NOT NULL,
    "dedupe_key" TEXT,
    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "slack_messages" (
    "request_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "ts" TEXT NOT NULL,
    "posted_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "slack_messages_pkey" PRIMARY KEY ("request_id", "kind")
);

-- People read AR-1001, not AR-1.
ALTER SEQUENCE "access_requests_number_seq" RESTART WITH 1001;

CREATE UNIQUE INDEX "access_requests_number_key" ON "access_requests"("number");
CREATE UNIQUE INDEX "access_requests_dedupe_key_key" ON "access_requests"("dedupe_key");
CREATE INDEX "access_requests_requester_email_created_at_idx" ON "access_requests"("requester_email", "created_at");
CREATE INDEX "grants_request_id_idx" ON "grants"("request_id");
CREATE INDEX "grants_provider_subject_status_idx" ON "grants"("provider", "subject", "status");
CREATE UNIQUE INDEX "effects_seq_key" ON "effects"("seq");
CREATE UNIQUE INDEX "audit_events_seq_key" ON "audit_events"("seq");
CREATE UNIQUE INDEX "audit_events_dedupe_key_key" ON "audit_events"("dedupe_key");
CREATE INDEX "audit_events_request_id_seq_idx" ON "audit_events"("request_id", "seq");
CREATE INDEX "audit_events_at_idx" ON "audit_events"("at");

-- The sweep asks one question: what is owed and not done, soonest first. Prisma's schema cannot name a partial index.
CREATE INDEX "effects_owed" ON "effects"("queue", GREATEST("due_at", "retry_at")) WHERE "done_at" IS NULL;
-- What stands before an effect in its lane. Partial too: else the planner, while it has no statistics, reads all that is
-- owed once for each effect.
CREATE INDEX "effects_owed_by_lane" ON "effects"("lane", "seq") WHERE "done_at" IS NULL;

ALTER TABLE "access_requests" ADD CONSTRAINT "access_requests_policy_version_fkey"
    FOREIGN KEY ("policy_version") REFERENCES "policies"("hash") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "grants" ADD CONSTRAINT "grants_request_id_fkey"
    FOREIGN KEY ("request_id") REFERENCES "access_requests"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "slack_messages" ADD CONSTRAINT "slack_messages_request_id_fkey"
    FOREIGN KEY ("request_id") REFERENCES "access_requests"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

CREATE FUNCTION "hallpass_refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is insert-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER "audit_events_insert_only" BEFORE UPDATE OR DELETE ON "audit_events"
    FOR EACH ROW EXECUTE FUNCTION "hallpass_refuse_change"();
CREATE TRIGGER "audit_events_no_truncate" BEFORE TRUNCATE ON "audit_events"
    FOR EACH STATEMENT EXECUTE FUNCTION "hallpass_refuse_change"();

CREATE TRIGGER "policies_insert_only" BEFORE UPDATE OR DELETE ON "policies"
    FOR EACH ROW EXECUTE FUNCTION "hallpass_refuse_change"();
CREATE TRIGGER "policies_no_truncate" BEFORE TRUNCATE ON "policies"
    FOR EACH STATEMENT EXECUTE FUNCTION "hallpass_refuse_change"();
