-- Events of Tachikoma, catalog tachikoma 1.0.0, for MariaDB and MySQL.
-- Written by `daybook emit sql --app tachikoma`; changes belong in the catalog.
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

-- `auth_attempted` 1.0.0. Somebody, or the agent itself, tried to sign in somewhere. The data says
-- whether it worked.
CREATE OR REPLACE VIEW `auth_attempted` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'auth_attempted';

-- `backend_selected` 1.0.0. The backend that answers from now on was chosen.
CREATE OR REPLACE VIEW `backend_selected` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The feature or part.
    JSON_VALUE(properties, '$."feature"') AS `feature`,
    -- What was done.
    JSON_VALUE(properties, '$."action"') AS `action`,
    -- What it was done to.
    JSON_VALUE(properties, '$."target"') AS `target`,
    -- How long it took, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."duration_ms"') AS SIGNED) AS `duration_ms`,
    -- Whether it worked.
    CAST(JSON_EXTRACT(properties, '$."success"') AS CHAR(5)) = 'true' AS `success`
FROM `analytics_events` WHERE event_name = 'backend_selected';

-- `budget_alerted` 1.0.0. Spending came close to a budget, or went over it.
CREATE OR REPLACE VIEW `budget_alerted` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- One of input_tokens, output_tokens, total_tokens, cost_usd, cost_credits, quota_used,
    -- quota_remaining.
    JSON_VALUE(properties, '$."metric_type"') AS `metric_type`,
    -- The amount, in `unit`.
    CAST(JSON_VALUE(properties, '$."value"') AS DOUBLE) AS `value`,
    -- The currency, or the unit of the count.
    JSON_VALUE(properties, '$."unit"') AS `unit`,
    -- The backend that it was used at.
    JSON_VALUE(properties, '$."backend"') AS `backend`,
    -- The model that used it.
    JSON_VALUE(properties, '$."model"') AS `model`
FROM `analytics_events` WHERE event_name = 'budget_alerted';

-- `cache_hit` 1.0.0. Something was found in a cache.
CREATE OR REPLACE VIEW `cache_hit` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- What is measured.
    JSON_VALUE(properties, '$."metric"') AS `metric`,
    -- The measurement, in `unit`.
    CAST(JSON_VALUE(properties, '$."value"') AS DOUBLE) AS `value`,
    -- The unit it is measured in.
    JSON_VALUE(properties, '$."unit"') AS `unit`,
    -- What to tell measurements of the same metric apart by.
    JSON_EXTRACT(properties, '$."tags"') AS `tags`
FROM `analytics_events` WHERE event_name = 'cache_hit';

-- `cache_miss` 1.0.0. Something was looked for in a cache and had to be fetched or made.
CREATE OR REPLACE VIEW `cache_miss` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- What is measured.
    JSON_VALUE(properties, '$."metric"') AS `metric`,
    -- The measurement, in `unit`.
    CAST(JSON_VALUE(properties, '$."value"') AS DOUBLE) AS `value`,
    -- The unit it is measured in.
    JSON_VALUE(properties, '$."unit"') AS `unit`,
    -- What to tell measurements of the same metric apart by.
    JSON_EXTRACT(properties, '$."tags"') AS `tags`
FROM `analytics_events` WHERE event_name = 'cache_miss';

-- `command_executed` 1.0.0. A command was given to the agent and ran.
CREATE OR REPLACE VIEW `command_executed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The feature or part.
    JSON_VALUE(properties, '$."feature"') AS `feature`,
    -- What was done.
    JSON_VALUE(properties, '$."action"') AS `action`,
    -- What it was done to.
    JSON_VALUE(properties, '$."target"') AS `target`,
    -- How long it took, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."duration_ms"') AS SIGNED) AS `duration_ms`,
    -- Whether it worked.
    CAST(JSON_EXTRACT(properties, '$."success"') AS CHAR(5)) = 'true' AS `success`
FROM `analytics_events` WHERE event_name = 'command_executed';

-- `config_changed` 1.0.0. A setting of the agent has another value now.
CREATE OR REPLACE VIEW `config_changed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'config_changed';

-- `cost_incurred` 1.0.0. Something cost money or credits.
CREATE OR REPLACE VIEW `cost_incurred` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- One of input_tokens, output_tokens, total_tokens, cost_usd, cost_credits, quota_used,
    -- quota_remaining.
    JSON_VALUE(properties, '$."metric_type"') AS `metric_type`,
    -- The amount, in `unit`.
    CAST(JSON_VALUE(properties, '$."value"') AS DOUBLE) AS `value`,
    -- The currency, or the unit of the count.
    JSON_VALUE(properties, '$."unit"') AS `unit`,
    -- The backend that it was used at.
    JSON_VALUE(properties, '$."backend"') AS `backend`,
    -- The model that used it.
    JSON_VALUE(properties, '$."model"') AS `model`
FROM `analytics_events` WHERE event_name = 'cost_incurred';

-- `cpu_usage` 1.0.0. How busy the agent keeps the processor.
CREATE OR REPLACE VIEW `cpu_usage` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- What is measured.
    JSON_VALUE(properties, '$."metric"') AS `metric`,
    -- The measurement, in `unit`.
    CAST(JSON_VALUE(properties, '$."value"') AS DOUBLE) AS `value`,
    -- The unit it is measured in.
    JSON_VALUE(properties, '$."unit"') AS `unit`,
    -- What to tell measurements of the same metric apart by.
    JSON_EXTRACT(properties, '$."tags"') AS `tags`
FROM `analytics_events` WHERE event_name = 'cpu_usage';

-- `disk_usage` 1.0.0. How much of the disk the agent takes.
CREATE OR REPLACE VIEW `disk_usage` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- What is measured.
    JSON_VALUE(properties, '$."metric"') AS `metric`,
    -- The measurement, in `unit`.
    CAST(JSON_VALUE(properties, '$."value"') AS DOUBLE) AS `value`,
    -- The unit it is measured in.
    JSON_VALUE(properties, '$."unit"') AS `unit`,
    -- What to tell measurements of the same metric apart by.
    JSON_EXTRACT(properties, '$."tags"') AS `tags`
FROM `analytics_events` WHERE event_name = 'disk_usage';

-- `error_occurred` 1.0.0. Something went wrong.
-- Personal, and therefore not here: message, stack_trace.
CREATE OR REPLACE VIEW `error_occurred` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Code of the error.
    JSON_VALUE(properties, '$."code"') AS `code`,
    -- One of debug, info, warning, error, critical.
    JSON_VALUE(properties, '$."severity"') AS `severity`,
    -- The part of the agent where it happened.
    JSON_VALUE(properties, '$."component"') AS `component`,
    -- Whether the agent could go on.
    CAST(JSON_EXTRACT(properties, '$."recovered"') AS CHAR(5)) = 'true' AS `recovered`
FROM `analytics_events` WHERE event_name = 'error_occurred';

-- `feature_used` 1.0.0. Somebody used a feature of the agent.
CREATE OR REPLACE VIEW `feature_used` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The feature or part.
    JSON_VALUE(properties, '$."feature"') AS `feature`,
    -- What was done.
    JSON_VALUE(properties, '$."action"') AS `action`,
    -- What it was done to.
    JSON_VALUE(properties, '$."target"') AS `target`,
    -- How long it took, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."duration_ms"') AS SIGNED) AS `duration_ms`,
    -- Whether it worked.
    CAST(JSON_EXTRACT(properties, '$."success"') AS CHAR(5)) = 'true' AS `success`
FROM `analytics_events` WHERE event_name = 'feature_used';

-- `linter.run_completed` 0.1.0. A linter went over the workspace.
CREATE OR REPLACE VIEW `linter_run_completed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The linter that ran.
    JSON_VALUE(properties, '$."tool"') AS `tool`,
    -- How many things it complains about. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."findings"') AS SIGNED) AS `findings`,
    -- How many of them it put right by itself. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."fixed"') AS SIGNED) AS `fixed`,
    -- How long it took, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."duration_ms"') AS SIGNED) AS `duration_ms`
FROM `analytics_events` WHERE event_name = 'linter.run_completed';

-- `memory_usage` 1.0.0. How much memory the agent uses.
CREATE OR REPLACE VIEW `memory_usage` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- What is measured.
    JSON_VALUE(properties, '$."metric"') AS `metric`,
    -- The measurement, in `unit`.
    CAST(JSON_VALUE(properties, '$."value"') AS DOUBLE) AS `value`,
    -- The unit it is measured in.
    JSON_VALUE(properties, '$."unit"') AS `unit`,
    -- What to tell measurements of the same metric apart by.
    JSON_EXTRACT(properties, '$."tags"') AS `tags`
FROM `analytics_events` WHERE event_name = 'memory_usage';

-- `mission_cancelled` 1.0.0. A mission was called off before it ended.
-- Personal, and therefore not here: target.
CREATE OR REPLACE VIEW `mission_cancelled` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The feature or part.
    JSON_VALUE(properties, '$."feature"') AS `feature`,
    -- What was done.
    JSON_VALUE(properties, '$."action"') AS `action`,
    -- How long it took, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."duration_ms"') AS SIGNED) AS `duration_ms`,
    -- Whether it worked.
    CAST(JSON_EXTRACT(properties, '$."success"') AS CHAR(5)) = 'true' AS `success`
FROM `analytics_events` WHERE event_name = 'mission_cancelled';

-- `mission_completed` 1.0.0. The agent finished a mission.
-- Personal, and therefore not here: target.
CREATE OR REPLACE VIEW `mission_completed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The feature or part.
    JSON_VALUE(properties, '$."feature"') AS `feature`,
    -- What was done.
    JSON_VALUE(properties, '$."action"') AS `action`,
    -- How long it took, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."duration_ms"') AS SIGNED) AS `duration_ms`,
    -- Whether it worked.
    CAST(JSON_EXTRACT(properties, '$."success"') AS CHAR(5)) = 'true' AS `success`
FROM `analytics_events` WHERE event_name = 'mission_completed';

-- `mission_created` 1.0.0. The agent was given a mission.
-- Personal, and therefore not here: target.
CREATE OR REPLACE VIEW `mission_created` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The feature or part.
    JSON_VALUE(properties, '$."feature"') AS `feature`,
    -- What was done.
    JSON_VALUE(properties, '$."action"') AS `action`,
    -- How long it took, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."duration_ms"') AS SIGNED) AS `duration_ms`,
    -- Whether it worked.
    CAST(JSON_EXTRACT(properties, '$."success"') AS CHAR(5)) = 'true' AS `success`
FROM `analytics_events` WHERE event_name = 'mission_created';

-- `mission_failed` 1.0.0. The agent gave a mission up because something went wrong.
-- Personal, and therefore not here: target.
CREATE OR REPLACE VIEW `mission_failed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The feature or part.
    JSON_VALUE(properties, '$."feature"') AS `feature`,
    -- What was done.
    JSON_VALUE(properties, '$."action"') AS `action`,
    -- How long it took, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."duration_ms"') AS SIGNED) AS `duration_ms`,
    -- Whether it worked.
    CAST(JSON_EXTRACT(properties, '$."success"') AS CHAR(5)) = 'true' AS `success`
FROM `analytics_events` WHERE event_name = 'mission_failed';

-- `network_latency` 1.0.0. How long a round trip over the network took.
CREATE OR REPLACE VIEW `network_latency` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- What is measured.
    JSON_VALUE(properties, '$."metric"') AS `metric`,
    -- The measurement, in `unit`.
    CAST(JSON_VALUE(properties, '$."value"') AS DOUBLE) AS `value`,
    -- The unit it is measured in.
    JSON_VALUE(properties, '$."unit"') AS `unit`,
    -- What to tell measurements of the same metric apart by.
    JSON_EXTRACT(properties, '$."tags"') AS `tags`
FROM `analytics_events` WHERE event_name = 'network_latency';

-- `panic_caught` 1.0.0. A part of the agent panicked, and the panic was caught.
-- Personal, and therefore not here: message, stack_trace.
CREATE OR REPLACE VIEW `panic_caught` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Code of the error.
    JSON_VALUE(properties, '$."code"') AS `code`,
    -- One of debug, info, warning, error, critical.
    JSON_VALUE(properties, '$."severity"') AS `severity`,
    -- The part of the agent where it happened.
    JSON_VALUE(properties, '$."component"') AS `component`,
    -- Whether the agent could go on.
    CAST(JSON_EXTRACT(properties, '$."recovered"') AS CHAR(5)) = 'true' AS `recovered`
FROM `analytics_events` WHERE event_name = 'panic_caught';

-- `permission_denied` 1.0.0. The agent was refused something that it has no permission for.
CREATE OR REPLACE VIEW `permission_denied` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'permission_denied';

-- `plugin_loaded` 1.0.0. A plugin is part of the agent from now on.
CREATE OR REPLACE VIEW `plugin_loaded` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'plugin_loaded';

-- `plugin_unloaded` 1.0.0. A plugin is no longer part of the agent.
CREATE OR REPLACE VIEW `plugin_unloaded` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'plugin_unloaded';

-- `quota_checked` 1.0.0. The agent looked how much of a quota is used, or left.
CREATE OR REPLACE VIEW `quota_checked` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- One of input_tokens, output_tokens, total_tokens, cost_usd, cost_credits, quota_used,
    -- quota_remaining.
    JSON_VALUE(properties, '$."metric_type"') AS `metric_type`,
    -- The amount, in `unit`.
    CAST(JSON_VALUE(properties, '$."value"') AS DOUBLE) AS `value`,
    -- The currency, or the unit of the count.
    JSON_VALUE(properties, '$."unit"') AS `unit`,
    -- The backend that it was used at.
    JSON_VALUE(properties, '$."backend"') AS `backend`,
    -- The model that used it.
    JSON_VALUE(properties, '$."model"') AS `model`
FROM `analytics_events` WHERE event_name = 'quota_checked';

-- `response_latency` 1.0.0. How long a backend took to answer.
CREATE OR REPLACE VIEW `response_latency` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- What is measured.
    JSON_VALUE(properties, '$."metric"') AS `metric`,
    -- The measurement, in `unit`.
    CAST(JSON_VALUE(properties, '$."value"') AS DOUBLE) AS `value`,
    -- The unit it is measured in.
    JSON_VALUE(properties, '$."unit"') AS `unit`,
    -- What to tell measurements of the same metric apart by.
    JSON_EXTRACT(properties, '$."tags"') AS `tags`
FROM `analytics_events` WHERE event_name = 'response_latency';

-- `retry_attempted` 1.0.0. The agent tries again what did not work.
-- Personal, and therefore not here: message, stack_trace.
CREATE OR REPLACE VIEW `retry_attempted` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Code of the error.
    JSON_VALUE(properties, '$."code"') AS `code`,
    -- One of debug, info, warning, error, critical.
    JSON_VALUE(properties, '$."severity"') AS `severity`,
    -- The part of the agent where it happened.
    JSON_VALUE(properties, '$."component"') AS `component`,
    -- Whether the agent could go on.
    CAST(JSON_EXTRACT(properties, '$."recovered"') AS CHAR(5)) = 'true' AS `recovered`
FROM `analytics_events` WHERE event_name = 'retry_attempted';

-- `sensitive_data_accessed` 1.0.0. Something was read that is marked as sensitive.
CREATE OR REPLACE VIEW `sensitive_data_accessed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'sensitive_data_accessed';

-- `session_ended` 1.0.0. A session with the agent is over.
CREATE OR REPLACE VIEW `session_ended` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The feature or part.
    JSON_VALUE(properties, '$."feature"') AS `feature`,
    -- What was done.
    JSON_VALUE(properties, '$."action"') AS `action`,
    -- What it was done to.
    JSON_VALUE(properties, '$."target"') AS `target`,
    -- How long it took, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."duration_ms"') AS SIGNED) AS `duration_ms`,
    -- Whether it worked.
    CAST(JSON_EXTRACT(properties, '$."success"') AS CHAR(5)) = 'true' AS `success`
FROM `analytics_events` WHERE event_name = 'session_ended';

-- `session_started` 1.0.0. Somebody opened the agent.
CREATE OR REPLACE VIEW `session_started` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The feature or part.
    JSON_VALUE(properties, '$."feature"') AS `feature`,
    -- What was done.
    JSON_VALUE(properties, '$."action"') AS `action`,
    -- What it was done to.
    JSON_VALUE(properties, '$."target"') AS `target`,
    -- How long it took, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."duration_ms"') AS SIGNED) AS `duration_ms`,
    -- Whether it worked.
    CAST(JSON_EXTRACT(properties, '$."success"') AS CHAR(5)) = 'true' AS `success`
FROM `analytics_events` WHERE event_name = 'session_started';

-- `system_shutdown` 1.0.0. The agent stopped in good order.
CREATE OR REPLACE VIEW `system_shutdown` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'system_shutdown';

-- `system_started` 1.0.0. The agent started.
CREATE OR REPLACE VIEW `system_started` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'system_started';

-- `timeout_occurred` 1.0.0. Something took longer than it may.
-- Personal, and therefore not here: message, stack_trace.
CREATE OR REPLACE VIEW `timeout_occurred` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Code of the error.
    JSON_VALUE(properties, '$."code"') AS `code`,
    -- One of debug, info, warning, error, critical.
    JSON_VALUE(properties, '$."severity"') AS `severity`,
    -- The part of the agent where it happened.
    JSON_VALUE(properties, '$."component"') AS `component`,
    -- Whether the agent could go on.
    CAST(JSON_EXTRACT(properties, '$."recovered"') AS CHAR(5)) = 'true' AS `recovered`
FROM `analytics_events` WHERE event_name = 'timeout_occurred';

-- `tokens_consumed` 1.0.0. A model used tokens.
CREATE OR REPLACE VIEW `tokens_consumed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- One of input_tokens, output_tokens, total_tokens, cost_usd, cost_credits, quota_used,
    -- quota_remaining.
    JSON_VALUE(properties, '$."metric_type"') AS `metric_type`,
    -- The amount, in `unit`.
    CAST(JSON_VALUE(properties, '$."value"') AS DOUBLE) AS `value`,
    -- The currency, or the unit of the count.
    JSON_VALUE(properties, '$."unit"') AS `unit`,
    -- The backend that it was used at.
    JSON_VALUE(properties, '$."backend"') AS `backend`,
    -- The model that used it.
    JSON_VALUE(properties, '$."model"') AS `model`
FROM `analytics_events` WHERE event_name = 'tokens_consumed';

-- `tool_invoked` 1.0.0. The agent used one of its tools.
CREATE OR REPLACE VIEW `tool_invoked` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The feature or part.
    JSON_VALUE(properties, '$."feature"') AS `feature`,
    -- What was done.
    JSON_VALUE(properties, '$."action"') AS `action`,
    -- What it was done to.
    JSON_VALUE(properties, '$."target"') AS `target`,
    -- How long it took, in milliseconds. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."duration_ms"') AS SIGNED) AS `duration_ms`,
    -- Whether it worked.
    CAST(JSON_EXTRACT(properties, '$."success"') AS CHAR(5)) = 'true' AS `success`
FROM `analytics_events` WHERE event_name = 'tool_invoked';

-- `update_available` 1.0.0. There is a newer version of the agent.
CREATE OR REPLACE VIEW `update_available` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'update_available';

-- `validation_failed` 1.0.0. Some input, or something that a model wrote, is not in the form it
-- must have.
-- Personal, and therefore not here: message, stack_trace.
CREATE OR REPLACE VIEW `validation_failed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Code of the error.
    JSON_VALUE(properties, '$."code"') AS `code`,
    -- One of debug, info, warning, error, critical.
    JSON_VALUE(properties, '$."severity"') AS `severity`,
    -- The part of the agent where it happened.
    JSON_VALUE(properties, '$."component"') AS `component`,
    -- Whether the agent could go on.
    CAST(JSON_EXTRACT(properties, '$."recovered"') AS CHAR(5)) = 'true' AS `recovered`
FROM `analytics_events` WHERE event_name = 'validation_failed';

-- `warning_raised` 1.0.0. Something looks wrong but did no harm yet.
-- Personal, and therefore not here: message, stack_trace.
CREATE OR REPLACE VIEW `warning_raised` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Code of the error.
    JSON_VALUE(properties, '$."code"') AS `code`,
    -- One of debug, info, warning, error, critical.
    JSON_VALUE(properties, '$."severity"') AS `severity`,
    -- The part of the agent where it happened.
    JSON_VALUE(properties, '$."component"') AS `component`,
    -- Whether the agent could go on.
    CAST(JSON_EXTRACT(properties, '$."recovered"') AS CHAR(5)) = 'true' AS `recovered`
FROM `analytics_events` WHERE event_name = 'warning_raised';
