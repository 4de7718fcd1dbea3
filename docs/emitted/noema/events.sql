-- Events of Noema, catalog noema 1.0.0, for MariaDB and MySQL.
-- Written by `daybook emit sql --app noema`; changes belong in the catalog.
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

-- `account_created` 1.0.0. A person has an account from now on.
-- Personal, and therefore not here: platformIdentities.
CREATE OR REPLACE VIEW `account_created` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    JSON_VALUE(properties, '$."platform"') AS `platform`,
    -- One of active, suspended, deactivated_by_user, deactivated_by_admin.
    JSON_VALUE(properties, '$."status"') AS `status`
FROM `analytics_events` WHERE event_name = 'account_created';

-- `account_status_changed` 1.0.0. An account was suspended, closed, or opened again.
-- Personal, and therefore not here: reason.
CREATE OR REPLACE VIEW `account_status_changed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- One of active, suspended, deactivated_by_user, deactivated_by_admin.
    JSON_VALUE(properties, '$."previousStatus"') AS `previousStatus`,
    -- One of active, suspended, deactivated_by_user, deactivated_by_admin.
    JSON_VALUE(properties, '$."newStatus"') AS `newStatus`
FROM `analytics_events` WHERE event_name = 'account_status_changed';

-- `api_key_created` 1.0.0. An account has one more key for the API. The key itself is never part of
-- an event.
-- Personal, and therefore not here: keyHash, label.
CREATE OR REPLACE VIEW `api_key_created` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- What the key may do.
    JSON_EXTRACT(properties, '$."scopes"') AS `scopes`,
    -- When it was made. Of the format date-time.
    JSON_VALUE(properties, '$."createdAt"') AS `createdAt`
FROM `analytics_events` WHERE event_name = 'api_key_created';

-- `api_key_revoked` 1.0.0. A key for the API no longer works.
-- Personal, and therefore not here: keyHash, label.
CREATE OR REPLACE VIEW `api_key_revoked` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Why, for instance `user_initiated`, `admin_initiated` or `leaked`.
    JSON_VALUE(properties, '$."reason"') AS `reason`
FROM `analytics_events` WHERE event_name = 'api_key_revoked';

-- `award_achieved` 1.0.0. A person earned an award.
CREATE OR REPLACE VIEW `award_achieved` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The award, for instance `century_creator`.
    JSON_VALUE(properties, '$."awardId"') AS `awardId`,
    -- What people call the award.
    JSON_VALUE(properties, '$."displayName"') AS `displayName`,
    -- What it is given for.
    JSON_VALUE(properties, '$."description"') AS `description`,
    -- When it was earned, if that is not the time of the event. Of the format date-time.
    JSON_VALUE(properties, '$."achievedAt"') AS `achievedAt`
FROM `analytics_events` WHERE event_name = 'award_achieved';

-- `command_executed` 1.0.0. A person gave a command. It was taken on, or refused, for instance for
-- want of permission.
-- Personal, and therefore not here: args.
CREATE OR REPLACE VIEW `command_executed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The command as it is called, for instance `/make` or `/view_balance`.
    JSON_VALUE(properties, '$."commandName"') AS `commandName`,
    -- True if the command was accepted and begun, false if it was refused.
    CAST(JSON_EXTRACT(properties, '$."success"') AS CHAR(5)) = 'true' AS `success`,
    -- Milliseconds until the work was done, or until it was queued if it goes on in the background.
    -- A whole number of 64 bits, or the same as text, at least 0.
    CAST(JSON_VALUE(properties, '$."executionTimeMs"') AS SIGNED) AS `executionTimeMs`,
    -- How it was given, for instance `chat_input`, `menu_click` or `api_call`.
    JSON_VALUE(properties, '$."source"') AS `source_2`
FROM `analytics_events` WHERE event_name = 'command_executed';

-- `command_failed_validation` 1.0.0. A command was not run because its input is wrong, with
-- everything that is wrong with it.
-- Personal, and therefore not here: args.
CREATE OR REPLACE VIEW `command_failed_validation` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The command as it is called.
    JSON_VALUE(properties, '$."commandName"') AS `commandName`,
    -- One entry for each thing that is wrong. Without `validationErrors.message`, which is
    -- personal.
    JSON_EXTRACT(properties, '$."validationErrors"') AS `validationErrors`
FROM `analytics_events` WHERE event_name = 'command_failed_validation';

-- `credit_added` 1.0.0. An account has more credit, by a payment, a bonus or a refund.
-- Personal, and therefore not here: description, externalTransactionId, metadata.
CREATE OR REPLACE VIEW `credit_added` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The entry in the ledger. Of the format object-id.
    JSON_VALUE(properties, '$."transactionId"') AS `transactionId`,
    -- What kind of entry it is, for instance `credit`, `bonus` or `refund`.
    JSON_VALUE(properties, '$."type"') AS `type`,
    -- What was added, in US dollars; more than nothing. A number, or the same as text, of up to 28
    -- digits, more than 0.
    CAST(JSON_VALUE(properties, '$."amountUsd"') AS DECIMAL(38, 10)) AS `amountUsd`,
    -- The credit before this entry, in US dollars. A number, or the same as text, of up to 28
    -- digits.
    CAST(JSON_VALUE(properties, '$."balanceBeforeUsd"') AS DECIMAL(38, 10)) AS `balanceBeforeUsd`,
    -- The credit after this entry, in US dollars. A number, or the same as text, of up to 28
    -- digits.
    CAST(JSON_VALUE(properties, '$."balanceAfterUsd"') AS DECIMAL(38, 10)) AS `balanceAfterUsd`,
    -- No other fields.
    JSON_EXTRACT(properties, '$."relatedItems"') AS `relatedItems`
FROM `analytics_events` WHERE event_name = 'credit_added';

-- `credit_spent` 1.0.0. An account has less credit, because something was paid for.
-- Personal, and therefore not here: description, externalTransactionId, metadata.
CREATE OR REPLACE VIEW `credit_spent` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The entry in the ledger. Of the format object-id.
    JSON_VALUE(properties, '$."transactionId"') AS `transactionId`,
    -- What kind of entry it is, for instance `debit`, `generation_cost` or `subscription_payment`.
    JSON_VALUE(properties, '$."type"') AS `type`,
    -- What was spent, in US dollars; less than nothing. A number, or the same as text, of up to 28
    -- digits, less than 0.
    CAST(JSON_VALUE(properties, '$."amountUsd"') AS DECIMAL(38, 10)) AS `amountUsd`,
    -- The credit before this entry, in US dollars. A number, or the same as text, of up to 28
    -- digits.
    CAST(JSON_VALUE(properties, '$."balanceBeforeUsd"') AS DECIMAL(38, 10)) AS `balanceBeforeUsd`,
    -- The credit after this entry, in US dollars. A number, or the same as text, of up to 28
    -- digits.
    CAST(JSON_VALUE(properties, '$."balanceAfterUsd"') AS DECIMAL(38, 10)) AS `balanceAfterUsd`,
    -- No other fields.
    JSON_EXTRACT(properties, '$."relatedItems"') AS `relatedItems`
FROM `analytics_events` WHERE event_name = 'credit_spent';

-- `exp_gained` 1.0.0. A person earned experience points.
CREATE OR REPLACE VIEW `exp_gained` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Points earned by this. A whole number of 64 bits, or the same as text, at least 1.
    CAST(JSON_VALUE(properties, '$."amount"') AS SIGNED) AS `amount`,
    -- Points before. A whole number of 64 bits, or the same as text, at least 0.
    CAST(JSON_VALUE(properties, '$."expBefore"') AS SIGNED) AS `expBefore`,
    -- Points after. A whole number of 64 bits, or the same as text, at least 0.
    CAST(JSON_VALUE(properties, '$."expAfter"') AS SIGNED) AS `expAfter`,
    -- What they were earned with, for instance `generation_completed` or `award_achieved`.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- No other fields.
    JSON_EXTRACT(properties, '$."relatedItems"') AS `relatedItems`
FROM `analytics_events` WHERE event_name = 'exp_gained';

-- `generation_completed` 1.0.0. A generation ended well and its main result is there.
CREATE OR REPLACE VIEW `generation_completed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The generation's record. Of the format object-id.
    JSON_VALUE(properties, '$."generationId"') AS `generationId`,
    -- The service that did it.
    JSON_VALUE(properties, '$."serviceName"') AS `serviceName`,
    -- How long it took, in milliseconds. A whole number of 64 bits, or the same as text, at least
    -- 0.
    CAST(JSON_VALUE(properties, '$."durationMs"') AS SIGNED) AS `durationMs`,
    -- What it cost, in US dollars. A number, or the same as text, of up to 28 digits.
    CAST(JSON_VALUE(properties, '$."costUsd"') AS DECIMAL(38, 10)) AS `costUsd`,
    -- Always `success`; how it ended is part of the record in every case. One of success.
    JSON_VALUE(properties, '$."status"') AS `status`,
    -- How many pieces came out, for instance pictures. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."artifactCount"') AS SIGNED) AS `artifactCount`
FROM `analytics_events` WHERE event_name = 'generation_completed';

-- `generation_failed` 1.0.0. A generation ended without a result, because it failed, took too long
-- or was called off.
-- Personal, and therefore not here: errorMessage.
CREATE OR REPLACE VIEW `generation_failed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The generation's record, if it came to one. Of the format object-id.
    JSON_VALUE(properties, '$."generationId"') AS `generationId`,
    -- The service that was asked.
    JSON_VALUE(properties, '$."serviceName"') AS `serviceName`,
    -- How long it ran until it failed, in milliseconds. A whole number of 64 bits, or the same as
    -- text, at least 0.
    CAST(JSON_VALUE(properties, '$."durationMs"') AS SIGNED) AS `durationMs`,
    -- What it cost all the same, in US dollars. A number, or the same as text, of up to 28 digits.
    CAST(JSON_VALUE(properties, '$."costUsd"') AS DECIMAL(38, 10)) AS `costUsd`,
    -- How it ended. One of failed, cancelled_by_user, timeout.
    JSON_VALUE(properties, '$."status"') AS `status`,
    -- Where it went wrong, for instance `service_api`, `internal_queue` or `content_moderation`.
    JSON_VALUE(properties, '$."errorSource"') AS `errorSource`,
    -- The code of the error, the service's or Noema's own.
    JSON_VALUE(properties, '$."errorCode"') AS `errorCode`
FROM `analytics_events` WHERE event_name = 'generation_failed';

-- `generation_requested` 1.0.0. A person asked a service to generate something.
-- Personal, and therefore not here: requestParameters.
CREATE OR REPLACE VIEW `generation_requested` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The service that is asked, for instance `comfyui-deploy` or `dalle3-service`.
    JSON_VALUE(properties, '$."serviceName"') AS `serviceName`,
    -- What it will probably cost, in US dollars, if that can be said beforehand. A number, or the
    -- same as text, of up to 28 digits.
    CAST(JSON_VALUE(properties, '$."estimatedCostUsd"') AS DECIMAL(38, 10)) AS `estimatedCostUsd`
FROM `analytics_events` WHERE event_name = 'generation_requested';

-- `menu_item_clicked` 1.0.0. A person chose an item of a menu.
CREATE OR REPLACE VIEW `menu_item_clicked` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The menu, for instance `main_menu`.
    JSON_VALUE(properties, '$."menuName"') AS `menuName`,
    -- The item, unique within its menu.
    JSON_VALUE(properties, '$."itemId"') AS `itemId`,
    -- What the item says to the person, in their language.
    JSON_VALUE(properties, '$."itemLabel"') AS `itemLabel`,
    -- What it does, for instance `navigate`, `execute_command` or `apply_setting`.
    JSON_VALUE(properties, '$."actionType"') AS `actionType`
FROM `analytics_events` WHERE event_name = 'menu_item_clicked';

-- `platform_identity_linked` 1.0.0. An account is known on one more platform.
-- Personal, and therefore not here: platformUserId.
CREATE OR REPLACE VIEW `platform_identity_linked` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    JSON_VALUE(properties, '$."platform"') AS `platform`
FROM `analytics_events` WHERE event_name = 'platform_identity_linked';

-- `platform_identity_unlinked` 1.0.0. An account is no longer known on a platform.
-- Personal, and therefore not here: platformUserId.
CREATE OR REPLACE VIEW `platform_identity_unlinked` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    JSON_VALUE(properties, '$."platform"') AS `platform`
FROM `analytics_events` WHERE event_name = 'platform_identity_unlinked';

-- `preference_changed` 1.0.0. A person changed one of their settings.
-- Personal, and therefore not here: previousValue, newValue.
CREATE OR REPLACE VIEW `preference_changed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The group that the setting belongs to - the id of a workflow or tool, or `globalSettings`.
    JSON_VALUE(properties, '$."preferenceKey"') AS `preferenceKey`,
    -- The setting within its group.
    JSON_VALUE(properties, '$."settingName"') AS `settingName`
FROM `analytics_events` WHERE event_name = 'preference_changed';

-- `preference_reset` 1.0.0. A person went back to what Noema sets by itself, for one setting or for
-- a whole group.
CREATE OR REPLACE VIEW `preference_reset` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The group that the setting belongs to - the id of a workflow or tool, or `globalSettings`.
    JSON_VALUE(properties, '$."preferenceKey"') AS `preferenceKey`,
    -- The setting within its group; left out if the whole group was reset.
    JSON_VALUE(properties, '$."settingName"') AS `settingName`
FROM `analytics_events` WHERE event_name = 'preference_reset';

-- `profile_updated` 1.0.0. A person changed what their profile says of them.
-- Personal, and therefore not here: displayName, avatarUrl, bio.
CREATE OR REPLACE VIEW `profile_updated` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The fields that were changed. At least 1 items, no item twice.
    JSON_EXTRACT(properties, '$."changedFields"') AS `changedFields`
FROM `analytics_events` WHERE event_name = 'profile_updated';

-- `session_ended` 1.0.0. A session record was closed, whoever or whatever closed it.
CREATE OR REPLACE VIEW `session_ended` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- One of user_logout, project_close, session_timeout_inactive, session_error_limit_exceeded,
    -- user_command_quit, system_shutdown.
    JSON_VALUE(properties, '$."endReason"') AS `endReason`,
    -- How long the session lasted, in milliseconds. A whole number of 64 bits, or the same as text,
    -- at least 0.
    CAST(JSON_VALUE(properties, '$."durationMs"') AS SIGNED) AS `durationMs`
FROM `analytics_events` WHERE event_name = 'session_ended';

-- `session_started` 1.0.0. A session record was created, most often right after a login.
CREATE OR REPLACE VIEW `session_started` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    JSON_VALUE(properties, '$."platform"') AS `platform`,
    -- What opened the session, for instance `login`, `api_key_usage` or `new_connection`.
    JSON_VALUE(properties, '$."startMethod"') AS `startMethod`
FROM `analytics_events` WHERE event_name = 'session_started';

-- `ui_element_interacted` 1.0.0. A person used a part of the interface that is not a menu, such as
-- a button, a slider or an input.
-- Personal, and therefore not here: currentValue.
CREATE OR REPLACE VIEW `ui_element_interacted` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The element, unique in the interface.
    JSON_VALUE(properties, '$."elementId"') AS `elementId`,
    -- What it is, for instance `button`, `slider` or `text_input`.
    JSON_VALUE(properties, '$."elementType"') AS `elementType`,
    -- What was done with it, for instance `click`, `change` or `blur`.
    JSON_VALUE(properties, '$."interactionType"') AS `interactionType`,
    -- The part of the interface it belongs to, for instance `image_editor_panel`.
    JSON_VALUE(properties, '$."context"') AS `context`
FROM `analytics_events` WHERE event_name = 'ui_element_interacted';

-- `user_facing_error_displayed` 1.0.0. A person was shown an error. Nothing need have crashed.
-- Personal, and therefore not here: errorMessage, context.
CREATE OR REPLACE VIEW `user_facing_error_displayed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The kind of error, for instance `validation_error`, `api_error` or `payment_failed`.
    JSON_VALUE(properties, '$."errorType"') AS `errorType`,
    -- A closer code, Noema's own or a service's.
    JSON_VALUE(properties, '$."errorCode"') AS `errorCode`,
    -- How bad it looked, for instance `info`, `warning` or `error`.
    JSON_VALUE(properties, '$."severity"') AS `severity`,
    -- The part of Noema that showed it, for instance `PaymentService`.
    JSON_VALUE(properties, '$."component"') AS `component`
FROM `analytics_events` WHERE event_name = 'user_facing_error_displayed';

-- `user_login_failed` 1.0.0. Somebody tried to sign in and was turned away.
-- Personal, and therefore not here: loginAttemptIdentifier.
CREATE OR REPLACE VIEW `user_login_failed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Why it was refused, for instance `invalid_credentials`, `account_locked` or
    -- `invalid_api_key`.
    JSON_VALUE(properties, '$."failureReason"') AS `failureReason`,
    JSON_VALUE(properties, '$."platform"') AS `platform`
FROM `analytics_events` WHERE event_name = 'user_login_failed';

-- `user_login_success` 1.0.0. Somebody proved who they are, and a session begins.
-- Personal, and therefore not here: ipAddress, userAgent.
CREATE OR REPLACE VIEW `user_login_success` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- How they proved it, for instance `password`, `telegram_auth`, `wallet_signature` or
    -- `api_key`.
    JSON_VALUE(properties, '$."loginMethod"') AS `loginMethod`,
    JSON_VALUE(properties, '$."platform"') AS `platform`
FROM `analytics_events` WHERE event_name = 'user_login_success';

-- `user_logout` 1.0.0. A session was closed on purpose, by the person or by an administrator.
CREATE OR REPLACE VIEW `user_logout` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Who wanted it, for instance `user_initiated` or `admin_initiated`.
    JSON_VALUE(properties, '$."logoutReason"') AS `logoutReason`
FROM `analytics_events` WHERE event_name = 'user_logout';

-- `wallet_linked` 1.0.0. A person added an Ethereum wallet to their account.
-- Personal, and therefore not here: address.
CREATE OR REPLACE VIEW `wallet_linked` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Whether it is the wallet that is used unless another is named.
    CAST(JSON_EXTRACT(properties, '$."isPrimary"') AS CHAR(5)) = 'true' AS `isPrimary`,
    -- Whether the person has shown that the wallet is theirs.
    CAST(JSON_EXTRACT(properties, '$."verified"') AS CHAR(5)) = 'true' AS `verified`,
    -- When it was added. Of the format date-time.
    JSON_VALUE(properties, '$."addedAt"') AS `addedAt`
FROM `analytics_events` WHERE event_name = 'wallet_linked';

-- `wallet_unlinked` 1.0.0. A wallet was taken off an account.
-- Personal, and therefore not here: address.
CREATE OR REPLACE VIEW `wallet_unlinked` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'wallet_unlinked';

-- `wallet_verified` 1.0.0. A person has shown that a wallet of their account is theirs.
-- Personal, and therefore not here: address.
CREATE OR REPLACE VIEW `wallet_verified` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `group_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'wallet_verified';
