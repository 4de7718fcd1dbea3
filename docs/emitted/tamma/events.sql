-- Events of Tamma, catalog tamma 1.1.0, for MariaDB and MySQL.
-- Written by `daybook emit sql --app tamma`; changes belong in the catalog.
--
-- The table is the one that the handler `mysql` of Daybook makes, fills and partitions by months;
-- it is here for those who make it beforehand. A row has what is not personal of an event's data in
-- `properties`, so what the catalog marks as personal is in no view. What is only counted by the
-- day has no rows. Bounds, patterns and formats stand in the comments of the views: Daybook has
-- checked them, and the database does not. MySQL reads text in `properties` up to 512 characters;
-- what is longer is NULL in a view. Fields that the catalog does not declare are in `properties`,
-- and in no view.

CREATE TABLE IF NOT EXISTS `analytics_events` (
    id BIGINT NOT NULL AUTO_INCREMENT,
    event_id VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    event_name VARCHAR(128) NOT NULL,
    timestamp TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    source VARCHAR(256) NULL,
    identity_id VARCHAR(256) NULL,
    anonymous_id VARCHAR(64) NULL,
    `group_id` VARCHAR(256) NULL,
    session_id VARCHAR(64) NULL,
    properties JSON NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    position BIGINT NOT NULL,
    category VARCHAR(128) NOT NULL,
    -- A unique key of a partitioned table has the column that it is partitioned by.
    PRIMARY KEY (id, timestamp),
    UNIQUE KEY uk_event (event_id, timestamp),
    INDEX idx_event_time (event_name, timestamp),
    INDEX idx_identity (identity_id, timestamp),
    INDEX `idx_group` (`group_id`, timestamp),
    INDEX idx_anonymous (anonymous_id),
    INDEX idx_category (category, timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (UNIX_TIMESTAMP(timestamp)) (
    PARTITION p_future VALUES LESS THAN MAXVALUE
);

-- `AI.ERROR.OCCURRED` 1.0.0. A request to a model failed.
-- Personal, and therefore not here: message.
CREATE OR REPLACE VIEW `ai_error_occurred` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The request that failed.
    JSON_VALUE(properties, '$."requestId"') AS `requestId`,
    -- Provider asked.
    JSON_VALUE(properties, '$."provider"') AS `provider`,
    -- Model asked.
    JSON_VALUE(properties, '$."model"') AS `model`,
    -- What went wrong, in the provider's code or the loop's own.
    JSON_VALUE(properties, '$."errorCode"') AS `errorCode`,
    -- Status of the answer. A whole number, at least 100, at most 599.
    CAST(JSON_VALUE(properties, '$."httpStatus"') AS SIGNED) AS `httpStatus`,
    -- Whether trying again may help.
    CAST(JSON_EXTRACT(properties, '$."retryable"') AS CHAR(5)) = 'true' AS `retryable`,
    -- Which attempt failed. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."attempt"') AS SIGNED) AS `attempt`,
    -- Time the provider asked to wait, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."retryAfterMs"') AS SIGNED) AS `retryAfterMs`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Issue it was for. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`
FROM `analytics_events` WHERE event_name = 'AI.ERROR.OCCURRED';

-- `AI.PROVIDER.SELECTED` 1.0.0. The loop decided which model gets a task.
CREATE OR REPLACE VIEW `ai_provider_selected` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The task, such as `code-generation` or `review`.
    JSON_VALUE(properties, '$."task"') AS `task`,
    -- Provider chosen.
    JSON_VALUE(properties, '$."provider"') AS `provider`,
    -- Model chosen.
    JSON_VALUE(properties, '$."model"') AS `model`,
    -- Why this one.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- Name of the rule that decided, where one did.
    JSON_VALUE(properties, '$."policy"') AS `policy`,
    -- What else was weighed, with what spoke for or against it.
    JSON_EXTRACT(properties, '$."candidates"') AS `candidates`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Issue it is for. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`
FROM `analytics_events` WHERE event_name = 'AI.PROVIDER.SELECTED';

-- `AI.REQUEST.STARTED` 1.1.0. A request went out to a model.
CREATE OR REPLACE VIEW `ai_request_started` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The request, for its response or error to name.
    JSON_VALUE(properties, '$."requestId"') AS `requestId`,
    -- Provider asked.
    JSON_VALUE(properties, '$."provider"') AS `provider`,
    -- Model asked.
    JSON_VALUE(properties, '$."model"') AS `model`,
    -- What it was asked for, such as `code-generation` or `review`.
    JSON_VALUE(properties, '$."purpose"') AS `purpose`,
    -- Everything that was sent. Matches `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."promptDigest"') AS `promptDigest`,
    JSON_VALUE(properties, '$."promptReference"') AS `promptReference`,
    -- Tokens sent, as counted beforehand. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."promptTokens"') AS SIGNED) AS `promptTokens`,
    -- Settings of the request, such as temperature and limits.
    JSON_EXTRACT(properties, '$."parameters"') AS `parameters`,
    -- Which attempt this is. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."attempt"') AS SIGNED) AS `attempt`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Issue it is for. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- What the prompt contains of other things.
    JSON_EXTRACT(properties, '$."resourcesAccessed"') AS `resourcesAccessed`,
    -- Why it was asked, where the purpose does not say it.
    JSON_VALUE(properties, '$."reason"') AS `reason`
FROM `analytics_events` WHERE event_name = 'AI.REQUEST.STARTED';

-- `AI.RESPONSE.RECEIVED` 1.1.0. A model answered.
CREATE OR REPLACE VIEW `ai_response_received` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The request it answers.
    JSON_VALUE(properties, '$."requestId"') AS `requestId`,
    -- Provider that answered.
    JSON_VALUE(properties, '$."provider"') AS `provider`,
    -- Model that answered, which may be a dated form of the one asked.
    JSON_VALUE(properties, '$."model"') AS `model`,
    -- Everything that came back. Matches `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."responseDigest"') AS `responseDigest`,
    JSON_VALUE(properties, '$."responseReference"') AS `responseReference`,
    -- Why it stopped, in the provider's word.
    JSON_VALUE(properties, '$."finishReason"') AS `finishReason`,
    -- Tokens charged for what was sent. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."inputTokens"') AS SIGNED) AS `inputTokens`,
    -- Tokens charged for what came back. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."outputTokens"') AS SIGNED) AS `outputTokens`,
    -- Price of the whole exchange, in US dollars. A number, or the same as text, of up to 28
    -- digits, at least 0.
    CAST(JSON_VALUE(properties, '$."costUsd"') AS DECIMAL(38, 10)) AS `costUsd`,
    -- From request to the end of the answer, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."durationMs"') AS SIGNED) AS `durationMs`,
    -- What the model asked to be done, in order.
    JSON_EXTRACT(properties, '$."toolCalls"') AS `toolCalls`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Issue it is for. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- What the model read on the way, by its tools.
    JSON_EXTRACT(properties, '$."resourcesAccessed"') AS `resourcesAccessed`
FROM `analytics_events` WHERE event_name = 'AI.RESPONSE.RECEIVED';

-- `APPROVAL.PROVIDED` 1.1.0. A person agreed to what the loop asked for.
-- Personal, and therefore not here: approver, conditions, comment, reason.
CREATE OR REPLACE VIEW `approval_provided` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The question answered.
    JSON_VALUE(properties, '$."approvalId"') AS `approvalId`,
    -- How far the agreement goes. One of approved, approved-with-conditions.
    JSON_VALUE(properties, '$."decision"') AS `decision`,
    -- Exactly what was approved. Matches `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."subjectDigest"') AS `subjectDigest`,
    -- Where the answer was given, such as `web`, `cli` or `pull-request`.
    JSON_VALUE(properties, '$."channel"') AS `channel`,
    -- How the person had proved who they are, such as `passkey`.
    JSON_VALUE(properties, '$."authentication"') AS `authentication`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Issue it is about. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- Pull request it is about. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."pullRequestNumber"') AS SIGNED) AS `pullRequestNumber`,
    -- What the person was shown or opened for it.
    JSON_EXTRACT(properties, '$."resourcesAccessed"') AS `resourcesAccessed`
FROM `analytics_events` WHERE event_name = 'APPROVAL.PROVIDED';

-- `APPROVAL.REJECTED` 1.1.0. A person said no to what the loop asked for.
-- Personal, and therefore not here: approver, reason, requestedChanges.
CREATE OR REPLACE VIEW `approval_rejected` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The question answered.
    JSON_VALUE(properties, '$."approvalId"') AS `approvalId`,
    -- Exactly what was turned down. Matches `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."subjectDigest"') AS `subjectDigest`,
    -- Where the answer was given, such as `web`, `cli` or `pull-request`.
    JSON_VALUE(properties, '$."channel"') AS `channel`,
    -- How the person had proved who they are, such as `passkey`.
    JSON_VALUE(properties, '$."authentication"') AS `authentication`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Issue it is about. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- Pull request it is about. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."pullRequestNumber"') AS SIGNED) AS `pullRequestNumber`,
    -- What the person was shown or opened for it.
    JSON_EXTRACT(properties, '$."resourcesAccessed"') AS `resourcesAccessed`
FROM `analytics_events` WHERE event_name = 'APPROVAL.REJECTED';

-- `APPROVAL.REQUESTED` 1.0.0. The loop stopped to ask people before it goes on.
-- Personal, and therefore not here: summary, requestedFrom.
CREATE OR REPLACE VIEW `approval_requested` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The question, for the answer to name.
    JSON_VALUE(properties, '$."approvalId"') AS `approvalId`,
    -- What is to be approved, such as `plan`, `merge` or `config-change`.
    JSON_VALUE(properties, '$."subject"') AS `subject`,
    -- Exactly what is to be approved. Matches `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."subjectDigest"') AS `subjectDigest`,
    JSON_VALUE(properties, '$."subjectReference"') AS `subjectReference`,
    -- Why the loop may not decide this alone.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- How much depends on it. One of low, medium, high.
    JSON_VALUE(properties, '$."risk"') AS `risk`,
    -- When silence becomes an escalation. Of the format date-time.
    JSON_VALUE(properties, '$."expiresAt"') AS `expiresAt`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Issue it is about. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- Pull request it is about. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."pullRequestNumber"') AS SIGNED) AS `pullRequestNumber`
FROM `analytics_events` WHERE event_name = 'APPROVAL.REQUESTED';

-- `CODE.COMMIT.CREATED` 1.1.0. The loop committed its changes.
-- Personal, and therefore not here: message, author, signedBy.
CREATE OR REPLACE VIEW `code_commit_created` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Branch committed to.
    JSON_VALUE(properties, '$."branch"') AS `branch`,
    -- Matches `^([0-9a-f]{40}|[0-9a-f]{64})$`.
    JSON_VALUE(properties, '$."commit"') AS `commit`,
    -- Commits it builds on; none for the first.
    JSON_EXTRACT(properties, '$."parents"') AS `parents`,
    -- Paths it touches.
    JSON_EXTRACT(properties, '$."filesChanged"') AS `filesChanged`,
    -- Lines that are new. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."linesAdded"') AS SIGNED) AS `linesAdded`,
    -- Lines that are gone. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."linesRemoved"') AS SIGNED) AS `linesRemoved`,
    -- Whether it carries a signature.
    CAST(JSON_EXTRACT(properties, '$."signed"') AS CHAR(5)) = 'true' AS `signed`,
    -- Issue it is for. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- Why these changes belong together, as the loop sees it.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- The difference to its first parent. Matches `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."diffDigest"') AS `diffDigest`,
    JSON_VALUE(properties, '$."diffReference"') AS `diffReference`
FROM `analytics_events` WHERE event_name = 'CODE.COMMIT.CREATED';

-- `CODE.FILE.CREATED` 1.1.0. The loop wrote a file that was not there.
CREATE OR REPLACE VIEW `code_file_created` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Branch it was written on.
    JSON_VALUE(properties, '$."branch"') AS `branch`,
    -- Path from the root of the repository, with forward slashes.
    JSON_VALUE(properties, '$."path"') AS `path`,
    -- The content. Matches `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."digestAfter"') AS `digestAfter`,
    -- Size of the content. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."sizeBytes"') AS SIGNED) AS `sizeBytes`,
    -- Lines it has. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."linesAdded"') AS SIGNED) AS `linesAdded`,
    -- Why it is needed.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- Request to a model that it came from, where it did.
    JSON_VALUE(properties, '$."requestId"') AS `requestId`,
    -- Issue it is for. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    JSON_EXTRACT(properties, '$."resourcesAccessed"') AS `resourcesAccessed`
FROM `analytics_events` WHERE event_name = 'CODE.FILE.CREATED';

-- `CODE.FILE.DELETED` 1.1.0. The loop removed a file.
CREATE OR REPLACE VIEW `code_file_deleted` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Branch it was removed on.
    JSON_VALUE(properties, '$."branch"') AS `branch`,
    -- Path it had, from the root of the repository.
    JSON_VALUE(properties, '$."path"') AS `path`,
    -- The content it had. Matches `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."digestBefore"') AS `digestBefore`,
    -- Lines it had. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."linesRemoved"') AS SIGNED) AS `linesRemoved`,
    -- Why it is not needed any more.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- Request to a model that it came from, where it did.
    JSON_VALUE(properties, '$."requestId"') AS `requestId`,
    -- Issue it is for. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    JSON_EXTRACT(properties, '$."resourcesAccessed"') AS `resourcesAccessed`
FROM `analytics_events` WHERE event_name = 'CODE.FILE.DELETED';

-- `CODE.FILE.UPDATED` 1.1.0. The loop changed a file.
CREATE OR REPLACE VIEW `code_file_updated` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Branch it was changed on.
    JSON_VALUE(properties, '$."branch"') AS `branch`,
    -- Path from the root of the repository, with forward slashes.
    JSON_VALUE(properties, '$."path"') AS `path`,
    -- Path before, where it was moved as well.
    JSON_VALUE(properties, '$."previousPath"') AS `previousPath`,
    -- The content before. Matches `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."digestBefore"') AS `digestBefore`,
    -- The content after. Matches `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."digestAfter"') AS `digestAfter`,
    -- The difference between the two. Matches `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."diffDigest"') AS `diffDigest`,
    JSON_VALUE(properties, '$."diffReference"') AS `diffReference`,
    -- Lines that are new. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."linesAdded"') AS SIGNED) AS `linesAdded`,
    -- Lines that are gone. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."linesRemoved"') AS SIGNED) AS `linesRemoved`,
    -- Why it was changed.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- Request to a model that it came from, where it did.
    JSON_VALUE(properties, '$."requestId"') AS `requestId`,
    -- Issue it is for. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    JSON_EXTRACT(properties, '$."resourcesAccessed"') AS `resourcesAccessed`
FROM `analytics_events` WHERE event_name = 'CODE.FILE.UPDATED';

-- `CONFIG.CHANGED` 1.0.0. A setting has another value than before.
CREATE OR REPLACE VIEW `config_changed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- What it applies to, such as `global` or `project:acme/checkout`.
    JSON_VALUE(properties, '$."scope"') AS `scope`,
    -- The setting, dotted.
    JSON_VALUE(properties, '$."key"') AS `key`,
    -- Value before; null where it was not set, a digest where it is a secret.
    JSON_EXTRACT(properties, '$."before"') AS `before`,
    -- Value after; null where it is not set any more, a digest where it is a secret.
    JSON_EXTRACT(properties, '$."after"') AS `after`,
    -- Whether the value is one, so that only digests stand here.
    CAST(JSON_EXTRACT(properties, '$."secret"') AS CHAR(5)) = 'true' AS `secret`,
    -- Why it was changed.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- Approval it rests on, where it needs one.
    JSON_VALUE(properties, '$."approvalId"') AS `approvalId`
FROM `analytics_events` WHERE event_name = 'CONFIG.CHANGED';

-- `CONFIG.PLATFORM.ADDED` 1.0.0. A platform that hosts repositories may be worked on from now on.
CREATE OR REPLACE VIEW `config_platform_added` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Name it is called by.
    JSON_VALUE(properties, '$."platform"') AS `platform`,
    -- Kind of platform, such as `github` or `gitlab`.
    JSON_VALUE(properties, '$."kind"') AS `kind`,
    -- Where it is reached. Of the format uri.
    JSON_VALUE(properties, '$."endpoint"') AS `endpoint`,
    -- Repositories to work on, patterns allowed.
    JSON_EXTRACT(properties, '$."repositories"') AS `repositories`,
    -- What the loop may do there.
    JSON_EXTRACT(properties, '$."permissions"') AS `permissions`,
    -- Name of the secret used for it, never the secret.
    JSON_VALUE(properties, '$."credentialName"') AS `credentialName`,
    -- Why it was added.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- Approval it rests on, where it needs one.
    JSON_VALUE(properties, '$."approvalId"') AS `approvalId`
FROM `analytics_events` WHERE event_name = 'CONFIG.PLATFORM.ADDED';

-- `CONFIG.PROVIDER.ADDED` 1.0.0. A provider of models may be used from now on.
CREATE OR REPLACE VIEW `config_provider_added` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Name it is called by.
    JSON_VALUE(properties, '$."provider"') AS `provider`,
    -- Kind of interface it speaks, such as `anthropic` or `openai-compatible`.
    JSON_VALUE(properties, '$."kind"') AS `kind`,
    -- Where it is reached. Of the format uri.
    JSON_VALUE(properties, '$."endpoint"') AS `endpoint`,
    -- Models that may be used.
    JSON_EXTRACT(properties, '$."models"') AS `models`,
    -- Where the data goes, as far as the provider promises.
    JSON_VALUE(properties, '$."region"') AS `region`,
    -- Name of the secret used for it, never the secret.
    JSON_VALUE(properties, '$."credentialName"') AS `credentialName`,
    -- Whether it is in use at once.
    CAST(JSON_EXTRACT(properties, '$."enabled"') AS CHAR(5)) = 'true' AS `enabled`,
    -- Why it was added.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- Approval it rests on, where it needs one.
    JSON_VALUE(properties, '$."approvalId"') AS `approvalId`
FROM `analytics_events` WHERE event_name = 'CONFIG.PROVIDER.ADDED';

-- `GIT.BRANCH.CREATED` 1.0.0. The loop made a branch to work on.
CREATE OR REPLACE VIEW `git_branch_created` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- The new branch.
    JSON_VALUE(properties, '$."branch"') AS `branch`,
    -- Branch it starts from.
    JSON_VALUE(properties, '$."baseBranch"') AS `baseBranch`,
    -- Commit it starts from. Matches `^([0-9a-f]{40}|[0-9a-f]{64})$`.
    JSON_VALUE(properties, '$."baseCommit"') AS `baseCommit`,
    -- What it is for.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- Issue it is for. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`
FROM `analytics_events` WHERE event_name = 'GIT.BRANCH.CREATED';

-- `GIT.PULL_REQUEST.CREATED` 1.1.0. The loop opened a pull request.
-- Personal, and therefore not here: title, reviewersRequested.
CREATE OR REPLACE VIEW `git_pull_request_created` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Number within the repository. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."pullRequestNumber"') AS SIGNED) AS `pullRequestNumber`,
    -- Issue it solves. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- Where a person can read it. Of the format uri.
    JSON_VALUE(properties, '$."url"') AS `url`,
    -- Branch to be merged.
    JSON_VALUE(properties, '$."branch"') AS `branch`,
    -- Branch it is to be merged into.
    JSON_VALUE(properties, '$."baseBranch"') AS `baseBranch`,
    -- Last commit of the branch. Matches `^([0-9a-f]{40}|[0-9a-f]{64})$`.
    JSON_VALUE(properties, '$."headCommit"') AS `headCommit`,
    -- Its description as posted. Matches `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."bodyDigest"') AS `bodyDigest`,
    -- Whether it is marked as not ready.
    CAST(JSON_EXTRACT(properties, '$."draft"') AS CHAR(5)) = 'true' AS `draft`,
    -- What it would change in the branch it is meant for. Matches
    -- `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."diffDigest"') AS `diffDigest`,
    -- Why it was opened.
    JSON_VALUE(properties, '$."reason"') AS `reason`
FROM `analytics_events` WHERE event_name = 'GIT.PULL_REQUEST.CREATED';

-- `GIT.PULL_REQUEST.MERGED` 1.1.0. A pull request of the loop became part of the branch it was
-- meant for.
-- Personal, and therefore not here: mergedBy, approvedBy.
CREATE OR REPLACE VIEW `git_pull_request_merged` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Number within the repository. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."pullRequestNumber"') AS SIGNED) AS `pullRequestNumber`,
    -- Issue it solves. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- Branch merged into.
    JSON_VALUE(properties, '$."baseBranch"') AS `baseBranch`,
    -- Its last commit before. Matches `^([0-9a-f]{40}|[0-9a-f]{64})$`.
    JSON_VALUE(properties, '$."baseCommitBefore"') AS `baseCommitBefore`,
    -- Last commit merged, the one that was approved. Matches `^([0-9a-f]{40}|[0-9a-f]{64})$`.
    JSON_VALUE(properties, '$."headCommit"') AS `headCommit`,
    -- Commit that came of it. Matches `^([0-9a-f]{40}|[0-9a-f]{64})$`.
    JSON_VALUE(properties, '$."commit"') AS `commit`,
    -- How the histories were joined. One of merge, squash, rebase.
    JSON_VALUE(properties, '$."method"') AS `method`,
    -- Approvals it rests on.
    JSON_EXTRACT(properties, '$."approvalIds"') AS `approvalIds`,
    -- Automatic checks of the last commit.
    JSON_EXTRACT(properties, '$."checks"') AS `checks`,
    -- Why it could be merged, such as the rule that allows it.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- What it changed in the branch merged into. Matches
    -- `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."diffDigest"') AS `diffDigest`
FROM `analytics_events` WHERE event_name = 'GIT.PULL_REQUEST.MERGED';

-- `GIT.PULL_REQUEST.UPDATED` 1.0.0. A pull request of the loop changed, by new commits or in what
-- is written on it.
-- Personal, and therefore not here: changes.
CREATE OR REPLACE VIEW `git_pull_request_updated` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Number within the repository. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."pullRequestNumber"') AS SIGNED) AS `pullRequestNumber`,
    -- Issue it solves. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- Why it was changed.
    JSON_VALUE(properties, '$."reason"') AS `reason`
FROM `analytics_events` WHERE event_name = 'GIT.PULL_REQUEST.UPDATED';

-- `ISSUE.ANALYSIS.COMPLETED` 1.1.0. The loop finished reading up on an issue and knows how it means
-- to solve it.
-- Personal, and therefore not here: summary.
CREATE OR REPLACE VIEW `issue_analysis_completed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Number within the repository. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- How it is going to be solved.
    JSON_VALUE(properties, '$."approach"') AS `approach`,
    -- Ways that were weighed and not taken.
    JSON_EXTRACT(properties, '$."alternativesRejected"') AS `alternativesRejected`,
    -- What could go wrong.
    JSON_EXTRACT(properties, '$."risks"') AS `risks`,
    -- How hard it looks. One of low, medium, high.
    JSON_VALUE(properties, '$."complexity"') AS `complexity`,
    -- How sure the loop is of its understanding. At least 0, at most 1.
    CAST(JSON_VALUE(properties, '$."confidence"') AS DOUBLE) AS `confidence`,
    -- Time the analysis took, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."durationMs"') AS SIGNED) AS `durationMs`,
    -- The full report. Matches `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
    JSON_VALUE(properties, '$."reportDigest"') AS `reportDigest`,
    JSON_VALUE(properties, '$."reportReference"') AS `reportReference`,
    JSON_EXTRACT(properties, '$."resourcesAccessed"') AS `resourcesAccessed`,
    -- Why this way, and not one of the others.
    JSON_VALUE(properties, '$."reason"') AS `reason`
FROM `analytics_events` WHERE event_name = 'ISSUE.ANALYSIS.COMPLETED';

-- `ISSUE.ASSIGNED.SUCCESS` 1.0.0. An issue was assigned, usually to the loop itself, so that nobody
-- else starts on it.
-- Personal, and therefore not here: assignee, previousAssignee.
CREATE OR REPLACE VIEW `issue_assigned_success` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Number within the repository. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- Why it changed hands.
    JSON_VALUE(properties, '$."reason"') AS `reason`
FROM `analytics_events` WHERE event_name = 'ISSUE.ASSIGNED.SUCCESS';

-- `ISSUE.SELECTED.SUCCESS` 1.0.0. The loop chose an issue to work on next.
-- Personal, and therefore not here: title, author.
CREATE OR REPLACE VIEW `issue_selected_success` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Number within the repository. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- Where a person can read it. Of the format uri.
    JSON_VALUE(properties, '$."url"') AS `url`,
    -- Labels at the time.
    JSON_EXTRACT(properties, '$."labels"') AS `labels`,
    -- Why this one.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- The rules it was chosen by, with the values they took.
    JSON_EXTRACT(properties, '$."criteria"') AS `criteria`,
    -- Issues that were weighed, this one included. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."candidatesConsidered"') AS SIGNED) AS `candidatesConsidered`,
    JSON_EXTRACT(properties, '$."resourcesAccessed"') AS `resourcesAccessed`
FROM `analytics_events` WHERE event_name = 'ISSUE.SELECTED.SUCCESS';

-- `SYSTEM.ERROR.OCCURRED` 1.0.0. A component of the loop itself failed.
-- Personal, and therefore not here: message, stackTrace, context.
CREATE OR REPLACE VIEW `system_error_occurred` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Component that failed.
    JSON_VALUE(properties, '$."component"') AS `component`,
    -- What it was doing.
    JSON_VALUE(properties, '$."operation"') AS `operation`,
    -- What went wrong, as a code.
    JSON_VALUE(properties, '$."errorCode"') AS `errorCode`,
    -- How bad it is. One of warning, error, critical.
    JSON_VALUE(properties, '$."severity"') AS `severity`,
    -- Whether the component went on by itself.
    CAST(JSON_EXTRACT(properties, '$."recovered"') AS CHAR(5)) = 'true' AS `recovered`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Issue that was worked on. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`
FROM `analytics_events` WHERE event_name = 'SYSTEM.ERROR.OCCURRED';

-- `SYSTEM.ESCALATION.RESOLVED` 1.1.0. An escalation was dealt with, and the loop goes on or stops
-- for good.
-- Personal, and therefore not here: resolvedBy, reason, summary, changes.
CREATE OR REPLACE VIEW `system_escalation_resolved` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The escalation.
    JSON_VALUE(properties, '$."escalationId"') AS `escalationId`,
    -- What became of it, such as `fixed`, `overridden` or `abandoned`.
    JSON_VALUE(properties, '$."resolution"') AS `resolution`,
    -- From call to resolution, in seconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."openSeconds"') AS SIGNED) AS `openSeconds`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Issue it is about. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- Pull request it is about. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."pullRequestNumber"') AS SIGNED) AS `pullRequestNumber`,
    -- What they looked at for it.
    JSON_EXTRACT(properties, '$."resourcesAccessed"') AS `resourcesAccessed`
FROM `analytics_events` WHERE event_name = 'SYSTEM.ESCALATION.RESOLVED';

-- `SYSTEM.ESCALATION.TRIGGERED` 1.0.0. The loop gave up on deciding something by itself and called
-- for a person.
-- Personal, and therefore not here: summary, notified.
CREATE OR REPLACE VIEW `system_escalation_triggered` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The escalation, for its resolution to name.
    JSON_VALUE(properties, '$."escalationId"') AS `escalationId`,
    -- Rule that fired, such as `retries-exhausted` or `approval-expired`.
    JSON_VALUE(properties, '$."trigger"') AS `trigger`,
    -- How much it matters. One of low, medium, high, critical.
    JSON_VALUE(properties, '$."severity"') AS `severity`,
    -- Why the loop cannot go on alone.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- Attempts made before. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."attempts"') AS SIGNED) AS `attempts`,
    -- How they were called, such as `email` or `chat`.
    JSON_VALUE(properties, '$."channel"') AS `channel`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Issue it is about. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`,
    -- Pull request it is about. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."pullRequestNumber"') AS SIGNED) AS `pullRequestNumber`
FROM `analytics_events` WHERE event_name = 'SYSTEM.ESCALATION.TRIGGERED';

-- `SYSTEM.RETRY.EXHAUSTED` 1.0.0. Something was tried as often as it may be, and failed each time.
-- Personal, and therefore not here: lastErrorMessage.
CREATE OR REPLACE VIEW `system_retry_exhausted` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- What was tried.
    JSON_VALUE(properties, '$."operation"') AS `operation`,
    -- How often it was tried. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."attempts"') AS SIGNED) AS `attempts`,
    -- How often it may be tried. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."maxAttempts"') AS SIGNED) AS `maxAttempts`,
    -- From first attempt to last failure, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."elapsedMs"') AS SIGNED) AS `elapsedMs`,
    -- What went wrong last, as a code.
    JSON_VALUE(properties, '$."lastErrorCode"') AS `lastErrorCode`,
    -- What happens now, such as `escalate` or `abandon`.
    JSON_VALUE(properties, '$."nextAction"') AS `nextAction`,
    -- Matches `^[^/\s]+(/[^/\s]+)+$`.
    JSON_VALUE(properties, '$."repository"') AS `repository`,
    -- Issue that was worked on. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."issueNumber"') AS SIGNED) AS `issueNumber`
FROM `analytics_events` WHERE event_name = 'SYSTEM.RETRY.EXHAUSTED';
