-- Events of Unofficial Communities, catalog unofficial-communities 1.2.0, for MariaDB and MySQL.
-- Written by `daybook emit sql --app unofficial-communities`; changes belong in the catalog.
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
    identity_id BIGINT NULL,
    anonymous_id VARCHAR(64) NULL,
    `community_id` BIGINT NULL,
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
    INDEX `idx_community` (`community_id`, timestamp),
    INDEX idx_anonymous (anonymous_id),
    INDEX idx_category (category, timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (UNIX_TIMESTAMP(timestamp)) (
    PARTITION p_future VALUES LESS THAN MAXVALUE
);

-- `age.appeal_opened` 1.0.0. A person objected to having been turned away.
-- Personal, and therefore not here: case_id.
CREATE OR REPLACE VIEW `age_appeal_opened` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'age.appeal_opened';

-- `age.appeal_resolved` 1.0.0. An objection was decided.
-- Personal, and therefore not here: case_id.
CREATE OR REPLACE VIEW `age_appeal_resolved` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- What was decided, such as `upheld` or `overturned`.
    JSON_VALUE(properties, '$."outcome"') AS `outcome`
FROM `analytics_events` WHERE event_name = 'age.appeal_resolved';

-- `age.blocked` 1.0.0. A person was turned away as under 18.
-- Personal, and therefore not here: age_band.
CREATE OR REPLACE VIEW `age_blocked` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Gate that turned them away. One of A, B.
    JSON_VALUE(properties, '$."gate"') AS `gate`
FROM `analytics_events` WHERE event_name = 'age.blocked';

-- `age.case_resolved` 1.0.0. People decided a case about a person's age.
-- Personal, and therefore not here: case_id.
CREATE OR REPLACE VIEW `age_case_resolved` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- What was found.
    JSON_VALUE(properties, '$."outcome"') AS `outcome`,
    -- What was done about it.
    JSON_VALUE(properties, '$."action_taken"') AS `action_taken`
FROM `analytics_events` WHERE event_name = 'age.case_resolved';

-- `age.declared` 1.0.0. A person told their date of birth at gate A; only the band it falls in is
-- kept.
-- Personal, and therefore not here: age_band.
CREATE OR REPLACE VIEW `age_declared` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- How much the declaration is worth.
    JSON_EXTRACT(properties, '$."assurance_level"') AS `assurance_level`
FROM `analytics_events` WHERE event_name = 'age.declared';

-- `age.feature_blocked` 1.0.0. Gate C kept a person from a feature.
CREATE OR REPLACE VIEW `age_feature_blocked` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The feature.
    JSON_VALUE(properties, '$."feature"') AS `feature`,
    -- Why, as a code.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- Assurance it would have taken.
    JSON_EXTRACT(properties, '$."required_level"') AS `required_level`
FROM `analytics_events` WHERE event_name = 'age.feature_blocked';

-- `age.gate_presented` 1.0.0. A person was shown an age gate.
CREATE OR REPLACE VIEW `age_gate_presented` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Which gate. One of A, B, C.
    JSON_VALUE(properties, '$."gate"') AS `gate`,
    -- What the person was about to do.
    JSON_VALUE(properties, '$."trigger"') AS `trigger`
FROM `analytics_events` WHERE event_name = 'age.gate_presented';

-- `age.level_upgraded` 1.0.0. The app is surer of a person's age than before.
CREATE OR REPLACE VIEW `age_level_upgraded` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Assurance before.
    JSON_EXTRACT(properties, '$."old_level"') AS `old_level`,
    -- Assurance now.
    JSON_EXTRACT(properties, '$."new_level"') AS `new_level`,
    -- What raised it, as a code.
    JSON_VALUE(properties, '$."reason"') AS `reason`
FROM `analytics_events` WHERE event_name = 'age.level_upgraded';

-- `age.minor_flagged` 1.0.0. Something suggests that a person is a minor, and a case was opened for
-- people to look at.
-- Personal, and therefore not here: signal_type, risk_score.
CREATE OR REPLACE VIEW `age_minor_flagged` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'age.minor_flagged';

-- `age.revalidated` 1.0.0. A person went through the check of gate B.
-- Personal, and therefore not here: discrepancy_days.
CREATE OR REPLACE VIEW `age_revalidated` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Whether the check agrees with what was declared.
    CAST(JSON_EXTRACT(properties, '$."matched"') AS CHAR(5)) = 'true' AS `matched`,
    -- Assurance after the check.
    JSON_EXTRACT(properties, '$."new_level"') AS `new_level`
FROM `analytics_events` WHERE event_name = 'age.revalidated';

-- `community.created` 1.0.0. A person founded a community.
-- Personal, and therefore not here: owner_id_hash.
CREATE OR REPLACE VIEW `community_created` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Who can find it, such as `public` or `private`.
    JSON_VALUE(properties, '$."visibility"') AS `visibility`
FROM `analytics_events` WHERE event_name = 'community.created';

-- `community.invite.created` 1.0.0. A member made an invitation.
CREATE OR REPLACE VIEW `community_invite_created` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Community invited to. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'community.invite.created';

-- `community.invite.used` 1.0.0. Someone came in by an invitation.
CREATE OR REPLACE VIEW `community_invite_used` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Community invited to. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'community.invite.used';

-- `community.member.joined` 1.0.0. A person became a member.
CREATE OR REPLACE VIEW `community_member_joined` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The way in, such as `invite`, `link` or `signup`.
    JSON_VALUE(properties, '$."method"') AS `method`,
    -- Community joined. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'community.member.joined';

-- `community.member.left` 1.0.0. A member left of their own accord.
CREATE OR REPLACE VIEW `community_member_left` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Reason chosen on leaving, as a code.
    JSON_VALUE(properties, '$."reason"') AS `reason`,
    -- Whole days of membership. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."days_member"') AS SIGNED) AS `days_member`,
    -- Community left. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'community.member.left';

-- `community.member.removed` 1.0.0. An administrator ended a membership.
CREATE OR REPLACE VIEW `community_member_removed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Role of whoever did it, such as `moderator`; never the person.
    JSON_VALUE(properties, '$."by_role"') AS `by_role`,
    -- Community removed from. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'community.member.removed';

-- `gamification.level.up` 1.0.0. A person's points passed the threshold of a higher level.
CREATE OR REPLACE VIEW `gamification_level_up` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Level before. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."old_level"') AS SIGNED) AS `old_level`,
    -- Level now; more than one step is possible. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."new_level"') AS SIGNED) AS `new_level`,
    -- Community in which the level counts. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'gamification.level.up';

-- `gamification.mission.assigned` 1.0.0. The daily job gave a person the missions of the day.
CREATE OR REPLACE VIEW `gamification_mission_assigned` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Missions given. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."mission_count"') AS SIGNED) AS `mission_count`,
    -- Community the missions belong to. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'gamification.mission.assigned';

-- `gamification.mission.completed` 1.0.0. A person finished one mission.
CREATE OR REPLACE VIEW `gamification_mission_completed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Kind of mission, such as `send_messages`.
    JSON_VALUE(properties, '$."mission_type"') AS `mission_type`,
    -- Points earned by it. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."xp_awarded"') AS SIGNED) AS `xp_awarded`,
    -- Community the mission belongs to. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'gamification.mission.completed';

-- `gamification.ranking.updated` 1.0.0. The weekly job closed a community's ranking and opened the
-- next.
CREATE OR REPLACE VIEW `gamification_ranking_updated` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Community whose ranking it is. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`,
    -- Whether other people lead than the week before.
    CAST(JSON_EXTRACT(properties, '$."top_3_changed"') AS CHAR(5)) = 'true' AS `top_3_changed`
FROM `analytics_events` WHERE event_name = 'gamification.ranking.updated';

-- `gamification.streak.broken` 1.0.0. The nightly job found a day missed and ended the streak.
CREATE OR REPLACE VIEW `gamification_streak_broken` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Days the streak had lasted. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."previous_streak"') AS SIGNED) AS `previous_streak`,
    -- Community in which the streak counted. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'gamification.streak.broken';

-- `gamification.streak.continued` 1.0.0. A person was active on one more day in a row.
CREATE OR REPLACE VIEW `gamification_streak_continued` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Days in a row, today included. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."streak_day"') AS SIGNED) AS `streak_day`,
    -- Community in which the streak counts. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'gamification.streak.continued';

-- `gamification.streak.milestone` 1.0.0. A streak reached a length that earns a bonus.
CREATE OR REPLACE VIEW `gamification_streak_milestone` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Days in a row. One of 7, 30, 100.
    JSON_EXTRACT(properties, '$."milestone"') AS `milestone`,
    -- Points on top. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."bonus_xp"') AS SIGNED) AS `bonus_xp`,
    -- Community in which the streak counts. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'gamification.streak.milestone';

-- `gamification.streak.started` 1.0.0. A person was active on a day after none, which begins a
-- streak.
CREATE OR REPLACE VIEW `gamification_streak_started` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Community in which the streak counts. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'gamification.streak.started';

-- `gamification.xp.awarded` 1.0.0. A person was given experience points.
CREATE OR REPLACE VIEW `gamification_xp_awarded` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Points given. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."amount"') AS SIGNED) AS `amount`,
    -- What they were given for, such as `mission` or `streak`.
    JSON_VALUE(properties, '$."source"') AS `source_2`,
    -- Community in which they count. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'gamification.xp.awarded';

-- `system.health.degraded` 1.0.0. A health check of a service failed.
CREATE OR REPLACE VIEW `system_health_degraded` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The service.
    JSON_VALUE(properties, '$."service"') AS `service`,
    -- The check that failed.
    JSON_VALUE(properties, '$."check_name"') AS `check_name`
FROM `analytics_events` WHERE event_name = 'system.health.degraded';

-- `system.health.recovered` 1.0.0. A service is healthy again.
CREATE OR REPLACE VIEW `system_health_recovered` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The service.
    JSON_VALUE(properties, '$."service"') AS `service`,
    -- Time it was not healthy, in seconds. At least 0.
    CAST(JSON_VALUE(properties, '$."downtime_seconds"') AS DOUBLE) AS `downtime_seconds`
FROM `analytics_events` WHERE event_name = 'system.health.recovered';

-- `system.job.completed` 1.0.0. A background job did its work.
CREATE OR REPLACE VIEW `system_job_completed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The job.
    JSON_VALUE(properties, '$."job_name"') AS `job_name`,
    -- Time it took, in milliseconds. At least 0.
    CAST(JSON_VALUE(properties, '$."duration_ms"') AS DOUBLE) AS `duration_ms`
FROM `analytics_events` WHERE event_name = 'system.job.completed';

-- `system.job.failed` 1.0.0. A background job stopped with an error.
CREATE OR REPLACE VIEW `system_job_failed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The job.
    JSON_VALUE(properties, '$."job_name"') AS `job_name`,
    -- The error, as a code or in words that name nobody.
    JSON_VALUE(properties, '$."error"') AS `error`
FROM `analytics_events` WHERE event_name = 'system.job.failed';

-- `system.job.started` 1.0.0. A background job began.
CREATE OR REPLACE VIEW `system_job_started` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The job.
    JSON_VALUE(properties, '$."job_name"') AS `job_name`
FROM `analytics_events` WHERE event_name = 'system.job.started';

-- `system.shutdown` 1.0.0. A service is going down on purpose.
CREATE OR REPLACE VIEW `system_shutdown` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The service.
    JSON_VALUE(properties, '$."service"') AS `service`,
    -- Time it ran, in seconds. At least 0.
    CAST(JSON_VALUE(properties, '$."uptime_seconds"') AS DOUBLE) AS `uptime_seconds`
FROM `analytics_events` WHERE event_name = 'system.shutdown';

-- `system.startup` 1.0.0. A service came up.
CREATE OR REPLACE VIEW `system_startup` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- The service.
    JSON_VALUE(properties, '$."service"') AS `service`,
    -- Version it runs.
    JSON_VALUE(properties, '$."version"') AS `version`
FROM `analytics_events` WHERE event_name = 'system.startup';

-- `user.login.completed` 1.0.0. A person was let in and has a session.
-- Personal, and therefore not here: session_id_hash.
CREATE OR REPLACE VIEW `user_login_completed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`
FROM `analytics_events` WHERE event_name = 'user.login.completed';

-- `user.login.failed` 1.0.0. A login was refused.
CREATE OR REPLACE VIEW `user_login_failed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Why, as a code such as `otp_invalid` or `account_locked`.
    JSON_VALUE(properties, '$."reason"') AS `reason`
FROM `analytics_events` WHERE event_name = 'user.login.failed';

-- `user.login.started` 1.0.0. Someone opened the login form and typed a phone number; who it is, is
-- not known yet.
CREATE OR REPLACE VIEW `user_login_started` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Dialling prefix, never the number. At most 7 characters.
    JSON_VALUE(properties, '$."phone_prefix"') AS `phone_prefix`
FROM `analytics_events` WHERE event_name = 'user.login.started';

-- `user.logout.completed` 1.0.0. A person ended their own session.
CREATE OR REPLACE VIEW `user_logout_completed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- From login to logout, in seconds. At least 0.
    CAST(JSON_VALUE(properties, '$."session_duration_seconds"') AS DOUBLE) AS `session_duration_seconds`
FROM `analytics_events` WHERE event_name = 'user.logout.completed';

-- `user.session.expired` 1.0.0. A session was closed because nobody had used it for too long.
CREATE OR REPLACE VIEW `user_session_expired` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Whole days since it was last used. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."inactive_days"') AS SIGNED) AS `inactive_days`
FROM `analytics_events` WHERE event_name = 'user.session.expired';

-- `user.signup.completed` 1.0.0. A profile exists; from here on the person has an identity.
CREATE OR REPLACE VIEW `user_signup_completed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Whether a picture was chosen on the way.
    CAST(JSON_EXTRACT(properties, '$."has_avatar"') AS CHAR(5)) = 'true' AS `has_avatar`,
    -- Community the person signed up to. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'user.signup.completed';

-- `user.signup.otp_sent` 1.0.0. The one-time code of a sign-up was handed to the carrier.
CREATE OR REPLACE VIEW `user_signup_otp_sent` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- How the code travels, such as `sms` or `whatsapp`.
    JSON_VALUE(properties, '$."delivery_method"') AS `delivery_method`
FROM `analytics_events` WHERE event_name = 'user.signup.otp_sent';

-- `user.signup.otp_verified` 1.0.0. The person typed the right one-time code.
CREATE OR REPLACE VIEW `user_signup_otp_verified` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Codes tried, the right one included. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."attempts_used"') AS SIGNED) AS `attempts_used`
FROM `analytics_events` WHERE event_name = 'user.signup.otp_verified';

-- `user.signup.started` 1.0.0. Someone opened the sign-up form and typed a phone number; there is
-- no account yet.
CREATE OR REPLACE VIEW `user_signup_started` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Dialling prefix, never the number. At most 7 characters.
    JSON_VALUE(properties, '$."phone_prefix"') AS `phone_prefix`
FROM `analytics_events` WHERE event_name = 'user.signup.started';

-- `webhook.dead_lettered` 1.0.0. A call failed as often as it may and waits for a person to look at
-- it.
CREATE OR REPLACE VIEW `webhook_dead_lettered` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Service that called.
    JSON_VALUE(properties, '$."source"') AS `source_2`,
    -- What it called about, in its own words.
    JSON_VALUE(properties, '$."event_type"') AS `event_type`
FROM `analytics_events` WHERE event_name = 'webhook.dead_lettered';

-- `webhook.failed` 1.0.0. A call could not be handled; it may be tried again.
CREATE OR REPLACE VIEW `webhook_failed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Service that called.
    JSON_VALUE(properties, '$."source"') AS `source_2`,
    -- What it called about, in its own words.
    JSON_VALUE(properties, '$."event_type"') AS `event_type`,
    -- What went wrong, as a code or an HTTP status.
    JSON_EXTRACT(properties, '$."error_code"') AS `error_code`
FROM `analytics_events` WHERE event_name = 'webhook.failed';

-- `webhook.processed` 1.0.0. A call was handled.
CREATE OR REPLACE VIEW `webhook_processed` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Service that called.
    JSON_VALUE(properties, '$."source"') AS `source_2`,
    -- What it called about, in its own words.
    JSON_VALUE(properties, '$."event_type"') AS `event_type`,
    -- Time it took, in milliseconds. At least 0.
    CAST(JSON_VALUE(properties, '$."duration_ms"') AS DOUBLE) AS `duration_ms`
FROM `analytics_events` WHERE event_name = 'webhook.processed';

-- `webhook.received` 1.0.0. Another service called.
CREATE OR REPLACE VIEW `webhook_received` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Service that called.
    JSON_VALUE(properties, '$."source"') AS `source_2`,
    -- What it called about, in its own words.
    JSON_VALUE(properties, '$."event_type"') AS `event_type`
FROM `analytics_events` WHERE event_name = 'webhook.received';

-- `webhook.retried` 1.0.0. A failed call is being tried again.
CREATE OR REPLACE VIEW `webhook_retried` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Service that called.
    JSON_VALUE(properties, '$."source"') AS `source_2`,
    -- Which attempt this is. A whole number, at least 1.
    CAST(JSON_VALUE(properties, '$."attempt_number"') AS SIGNED) AS `attempt_number`
FROM `analytics_events` WHERE event_name = 'webhook.retried';

-- `whatsapp.member.joined` 1.0.0. A member came into the group.
-- Only counted by the day: it has no rows, and no view.

-- `whatsapp.member.left` 1.0.0. A member went out of the group.
-- Only counted by the day: it has no rows, and no view.

-- `whatsapp.message.sent` 1.0.0. A member wrote to the community's WhatsApp group.
-- Only counted by the day: it has no rows, and no view.

-- `whatsapp.reaction.added` 1.0.0. A member reacted to a message in the group.
-- Only counted by the day: it has no rows, and no view.

-- `whatsapp.reply.sent` 1.0.0. A member answered a message in the group.
-- Only counted by the day: it has no rows, and no view.

-- `world.portal.activated` 1.0.0. A person stepped into a portal and was shown where it leads.
CREATE OR REPLACE VIEW `world_portal_activated` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Which portal, by its direction.
    JSON_VALUE(properties, '$."portal_direction"') AS `portal_direction`,
    -- Community on the other side. A whole number.
    CAST(JSON_VALUE(properties, '$."destination_community_id"') AS SIGNED) AS `destination_community_id`,
    -- Name of that community as shown.
    JSON_VALUE(properties, '$."destination_name"') AS `destination_name`,
    -- Why this destination was offered.
    JSON_VALUE(properties, '$."reason_code"') AS `reason_code`
FROM `analytics_events` WHERE event_name = 'world.portal.activated';

-- `world.portal.traveled` 1.0.0. A person went through a portal and arrived in another community's
-- world.
CREATE OR REPLACE VIEW `world_portal_traveled` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Community left. A whole number.
    CAST(JSON_VALUE(properties, '$."source_community_id"') AS SIGNED) AS `source_community_id`,
    -- Community arrived in. A whole number.
    CAST(JSON_VALUE(properties, '$."destination_community_id"') AS SIGNED) AS `destination_community_id`,
    -- Which portal, by its direction.
    JSON_VALUE(properties, '$."portal_direction"') AS `portal_direction`,
    -- Why the person went, as a code.
    JSON_VALUE(properties, '$."travel_reason"') AS `travel_reason`
FROM `analytics_events` WHERE event_name = 'world.portal.traveled';

-- `world.presence.updated` 1.0.0. A person moved. Comes many times a minute from everyone, so only
-- a share is kept.
CREATE OR REPLACE VIEW `world_presence_updated` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Zone the person is in. One of central_hub, workshop, social_east, social_west, brand_zone,
    -- quiet_refuge, onboarding, portal_ne, portal_e, portal_se, portal_sw, portal_w, portal_nw.
    JSON_VALUE(properties, '$."zone_type"') AS `zone_type`,
    -- Community whose world it is. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'world.presence.updated';

-- `world.session.ended` 1.0.0. A person's client disconnected, on purpose or not.
CREATE OR REPLACE VIEW `world_session_ended` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Time connected, in seconds. At least 0.
    CAST(JSON_VALUE(properties, '$."duration_seconds"') AS DOUBLE) AS `duration_seconds`,
    -- Community whose room it was. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'world.session.ended';

-- `world.session.started` 1.0.0. A person's client connected to the room of a community.
CREATE OR REPLACE VIEW `world_session_started` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Community whose room it is. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`,
    -- People in the room, the new one included. A whole number, at least 0.
    CAST(JSON_VALUE(properties, '$."room_population"') AS SIGNED) AS `room_population`
FROM `analytics_events` WHERE event_name = 'world.session.started';

-- `world.zone.entered` 1.0.0. A person walked into a zone.
CREATE OR REPLACE VIEW `world_zone_entered` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Zone walked into. One of central_hub, workshop, social_east, social_west, brand_zone,
    -- quiet_refuge, onboarding, portal_ne, portal_e, portal_se, portal_sw, portal_w, portal_nw.
    JSON_VALUE(properties, '$."zone_type"') AS `zone_type`,
    -- Zone they came from. One of central_hub, workshop, social_east, social_west, brand_zone,
    -- quiet_refuge, onboarding, portal_ne, portal_e, portal_se, portal_sw, portal_w, portal_nw.
    JSON_VALUE(properties, '$."from_zone"') AS `from_zone`,
    -- Community whose world it is. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'world.zone.entered';

-- `world.zone.exited` 1.0.0. A person walked out of a zone. Dwell times are computed from this.
CREATE OR REPLACE VIEW `world_zone_exited` AS SELECT
    `event_id`,
    `timestamp`,
    `source`,
    `identity_id`,
    `community_id`,
    `anonymous_id`,
    `session_id`,
    `position`,
    -- Zone left. One of central_hub, workshop, social_east, social_west, brand_zone, quiet_refuge,
    -- onboarding, portal_ne, portal_e, portal_se, portal_sw, portal_w, portal_nw.
    JSON_VALUE(properties, '$."zone_type"') AS `zone_type`,
    -- Time spent in it, in seconds. At least 0.
    CAST(JSON_VALUE(properties, '$."duration_seconds"') AS DOUBLE) AS `duration_seconds`,
    -- Community whose world it is. A whole number.
    CAST(JSON_VALUE(properties, '$."community_id"') AS SIGNED) AS `community_id_2`
FROM `analytics_events` WHERE event_name = 'world.zone.exited';
