// Events of Unofficial Communities, catalog unofficial-communities 1.2.0.
// Written by `daybook emit typescript --app unofficial-communities`; changes belong in the catalog.
//
// What types cannot say (bounds, patterns, formats) stands in the comments; Daybook checks it.
// Numbers of the formats decimal and int64 may be text as well, as a double cannot hold them all.

/** A place in the world. */
export type Zone = "central_hub" | "workshop" | "social_east" | "social_west" | "brand_zone" | "quiet_refuge" | "onboarding" | "portal_ne" | "portal_e" | "portal_se" | "portal_sw" | "portal_w" | "portal_nw";

/** How sure the app is of a person's age. */
export type AssuranceLevel = number | string;

/** A code. Matches `^\S{1,64}$`. */
export type Code = string;

/**
 * The day, or the start of the finer interval, that the activity is counted in. `anyOf`
 * [{"format":"date"},{"format":"date-time"}].
 */
export type Bucket = string;

/**
 * Data of `age.appeal_opened` 1.0.0. A person objected to having been turned away. Category
 * security, priority normal.
 */
export interface AgeAppealOpenedData {
  /** Case objected to. Personal (identifier). */
  case_id: number | string;
}

/**
 * Data of `age.appeal_resolved` 1.0.0. An objection was decided. Category security, priority
 * normal.
 */
export interface AgeAppealResolvedData {
  /** Case objected to. Personal (identifier). */
  case_id: number | string;
  /** What was decided, such as `upheld` or `overturned`. */
  outcome: string;
}

/**
 * Data of `age.blocked` 1.0.0. A person was turned away as under 18. Category security, priority
 * high.
 */
export interface AgeBlockedData {
  /** Band, such as `13-17`. Personal (personal). */
  age_band: string;
  /** Gate that turned them away. */
  gate: "A" | "B";
}

/**
 * Data of `age.case_resolved` 1.0.0. People decided a case about a person's age. Category security,
 * priority normal.
 */
export interface AgeCaseResolvedData {
  /** The case, as the case system numbers it. Personal (identifier). */
  case_id: number | string;
  /** What was found. */
  outcome: string;
  /** What was done about it. */
  action_taken: string;
}

/**
 * Data of `age.declared` 1.0.0. A person told their date of birth at gate A; only the band it falls
 * in is kept. Category security, priority normal.
 */
export interface AgeDeclaredData {
  /** Band, such as `18-24`. Personal (personal). */
  age_band: string;
  /** How much the declaration is worth. */
  assurance_level: AssuranceLevel;
}

/**
 * Data of `age.feature_blocked` 1.0.0. Gate C kept a person from a feature. Category security,
 * priority normal.
 */
export interface AgeFeatureBlockedData {
  /** The feature. */
  feature: string;
  /** Why, as a code. */
  reason: string;
  /** Assurance it would have taken. */
  required_level: AssuranceLevel;
}

/**
 * Data of `age.gate_presented` 1.0.0. A person was shown an age gate. Category security, priority
 * normal.
 */
export interface AgeGatePresentedData {
  /** Which gate. */
  gate: "A" | "B" | "C";
  /** What the person was about to do. */
  trigger: string;
}

/**
 * Data of `age.level_upgraded` 1.0.0. The app is surer of a person's age than before. Category
 * security, priority normal.
 */
export interface AgeLevelUpgradedData {
  /** Assurance before. */
  old_level: AssuranceLevel;
  /** Assurance now. */
  new_level: AssuranceLevel;
  /** What raised it, as a code. */
  reason: string;
}

/**
 * Data of `age.minor_flagged` 1.0.0. Something suggests that a person is a minor, and a case was
 * opened for people to look at. Category security, priority high.
 */
export interface AgeMinorFlaggedData {
  /** What gave rise to it. Personal (personal). */
  signal_type: string;
  /** How strong the suspicion is, on the scale of whatever raised it. Personal (personal). */
  risk_score: number;
}

/**
 * Data of `age.revalidated` 1.0.0. A person went through the check of gate B. Category security,
 * priority normal.
 */
export interface AgeRevalidatedData {
  /** Whether the check agrees with what was declared. */
  matched: boolean;
  /** Days between the two dates of birth, 0 where they agree. A whole number, personal (personal). */
  discrepancy_days: number;
  /** Assurance after the check. */
  new_level: AssuranceLevel;
}

/**
 * Data of `community.created` 1.0.0. A person founded a community. Category business, priority
 * normal.
 */
export interface CommunityCreatedData {
  /** Who can find it, such as `public` or `private`. */
  visibility: string;
  /** Hash of the founder's identity. Personal (identifier). */
  owner_id_hash: string;
}

/**
 * Data of `community.invite.created` 1.0.0. A member made an invitation. Category business,
 * priority normal.
 */
export interface CommunityInviteCreatedData {
  /** Community invited to. A whole number. */
  community_id?: number;
}

/**
 * Data of `community.invite.used` 1.0.0. Someone came in by an invitation. Category business,
 * priority normal.
 */
export interface CommunityInviteUsedData {
  /** Community invited to. A whole number. */
  community_id?: number;
}

/**
 * Data of `community.member.joined` 1.0.0. A person became a member. Category business, priority
 * normal.
 */
export interface CommunityMemberJoinedData {
  /** The way in, such as `invite`, `link` or `signup`. */
  method: string;
  /** Community joined. A whole number. */
  community_id?: number;
}

/**
 * Data of `community.member.left` 1.0.0. A member left of their own accord. Category business,
 * priority normal.
 */
export interface CommunityMemberLeftData {
  /** Reason chosen on leaving, as a code. */
  reason: string;
  /** Whole days of membership. A whole number, at least 0. */
  days_member: number;
  /** Community left. A whole number. */
  community_id?: number;
}

/**
 * Data of `community.member.removed` 1.0.0. An administrator ended a membership. Category business,
 * priority normal.
 */
export interface CommunityMemberRemovedData {
  /** Role of whoever did it, such as `moderator`; never the person. */
  by_role: string;
  /** Community removed from. A whole number. */
  community_id?: number;
}

/**
 * Data of `gamification.level.up` 1.0.0. A person's points passed the threshold of a higher level.
 * Category business, priority normal.
 */
export interface GamificationLevelUpData {
  /** Level before. A whole number, at least 0. */
  old_level: number;
  /** Level now; more than one step is possible. A whole number, at least 1. */
  new_level: number;
  /** Community in which the level counts. A whole number. */
  community_id?: number;
}

/**
 * Data of `gamification.mission.assigned` 1.0.0. The daily job gave a person the missions of the
 * day. Category business, priority normal.
 */
export interface GamificationMissionAssignedData {
  /** Missions given. A whole number, at least 0. */
  mission_count: number;
  /** Community the missions belong to. A whole number. */
  community_id?: number;
}

/**
 * Data of `gamification.mission.completed` 1.0.0. A person finished one mission. Category business,
 * priority normal.
 */
export interface GamificationMissionCompletedData {
  /** Kind of mission, such as `send_messages`. */
  mission_type: string;
  /** Points earned by it. A whole number, at least 0. */
  xp_awarded: number;
  /** Community the mission belongs to. A whole number. */
  community_id?: number;
}

/**
 * Data of `gamification.ranking.updated` 1.0.0. The weekly job closed a community's ranking and
 * opened the next. Category business, priority normal.
 */
export interface GamificationRankingUpdatedData {
  /** Community whose ranking it is. A whole number. */
  community_id?: number;
  /** Whether other people lead than the week before. */
  top_3_changed: boolean;
}

/**
 * Data of `gamification.streak.broken` 1.0.0. The nightly job found a day missed and ended the
 * streak. Category business, priority normal.
 */
export interface GamificationStreakBrokenData {
  /** Days the streak had lasted. A whole number, at least 1. */
  previous_streak: number;
  /** Community in which the streak counted. A whole number. */
  community_id?: number;
}

/**
 * Data of `gamification.streak.continued` 1.0.0. A person was active on one more day in a row.
 * Category business, priority normal.
 */
export interface GamificationStreakContinuedData {
  /** Days in a row, today included. A whole number, at least 1. */
  streak_day: number;
  /** Community in which the streak counts. A whole number. */
  community_id?: number;
}

/**
 * Data of `gamification.streak.milestone` 1.0.0. A streak reached a length that earns a bonus.
 * Category business, priority normal.
 */
export interface GamificationStreakMilestoneData {
  /** Days in a row. */
  milestone: 7 | 30 | 100;
  /** Points on top. A whole number, at least 0. */
  bonus_xp: number;
  /** Community in which the streak counts. A whole number. */
  community_id?: number;
}

/**
 * Data of `gamification.streak.started` 1.0.0. A person was active on a day after none, which
 * begins a streak. Category business, priority normal.
 */
export interface GamificationStreakStartedData {
  /** Community in which the streak counts. A whole number. */
  community_id?: number;
}

/**
 * Data of `gamification.xp.awarded` 1.0.0. A person was given experience points. Category business,
 * priority normal.
 */
export interface GamificationXpAwardedData {
  /** Points given. A whole number, at least 0. */
  amount: number;
  /** What they were given for, such as `mission` or `streak`. */
  source: string;
  /** Community in which they count. A whole number. */
  community_id?: number;
}

/**
 * Data of `system.health.degraded` 1.0.0. A health check of a service failed. Category system,
 * priority high.
 */
export interface SystemHealthDegradedData {
  /** The service. */
  service: string;
  /** The check that failed. */
  check_name: string;
}

/**
 * Data of `system.health.recovered` 1.0.0. A service is healthy again. Category system, priority
 * normal.
 */
export interface SystemHealthRecoveredData {
  /** The service. */
  service: string;
  /** Time it was not healthy, in seconds. At least 0. */
  downtime_seconds: number;
}

/**
 * Data of `system.job.completed` 1.0.0. A background job did its work. Category system, priority
 * normal.
 */
export interface SystemJobCompletedData {
  /** The job. */
  job_name: string;
  /** Time it took, in milliseconds. At least 0. */
  duration_ms: number;
}

/**
 * Data of `system.job.failed` 1.0.0. A background job stopped with an error. Category system,
 * priority high.
 */
export interface SystemJobFailedData {
  /** The job. */
  job_name: string;
  /** The error, as a code or in words that name nobody. */
  error: string;
}

/** Data of `system.job.started` 1.0.0. A background job began. Category system, priority normal. */
export interface SystemJobStartedData {
  /** The job. */
  job_name: string;
}

/**
 * Data of `system.shutdown` 1.0.0. A service is going down on purpose. Category system, priority
 * normal.
 */
export interface SystemShutdownData {
  /** The service. */
  service: string;
  /** Time it ran, in seconds. At least 0. */
  uptime_seconds: number;
}

/** Data of `system.startup` 1.0.0. A service came up. Category system, priority normal. */
export interface SystemStartupData {
  /** The service. */
  service: string;
  /** Version it runs. */
  version: string;
}

/**
 * Data of `user.login.completed` 1.0.0. A person was let in and has a session. Category security,
 * priority normal.
 */
export interface UserLoginCompletedData {
  /** Hash of the session's id, to find its other events by. Personal (identifier). */
  session_id_hash: string;
}

/** Data of `user.login.failed` 1.0.0. A login was refused. Category security, priority normal. */
export interface UserLoginFailedData {
  /** Why, as a code such as `otp_invalid` or `account_locked`. */
  reason: string;
}

/**
 * Data of `user.login.started` 1.0.0. Someone opened the login form and typed a phone number; who
 * it is, is not known yet. Category security, priority normal.
 */
export interface UserLoginStartedData {
  /** Dialling prefix, never the number. At most 7 characters. */
  phone_prefix: string;
}

/**
 * Data of `user.logout.completed` 1.0.0. A person ended their own session. Category security,
 * priority normal.
 */
export interface UserLogoutCompletedData {
  /** From login to logout, in seconds. At least 0. */
  session_duration_seconds: number;
}

/**
 * Data of `user.session.expired` 1.0.0. A session was closed because nobody had used it for too
 * long. Category security, priority normal.
 */
export interface UserSessionExpiredData {
  /** Whole days since it was last used. A whole number, at least 0. */
  inactive_days: number;
}

/**
 * Data of `user.signup.completed` 1.0.0. A profile exists; from here on the person has an identity.
 * Category business, priority normal.
 */
export interface UserSignupCompletedData {
  /** Whether a picture was chosen on the way. */
  has_avatar: boolean;
  /** Community the person signed up to. A whole number. */
  community_id?: number;
}

/**
 * Data of `user.signup.otp_sent` 1.0.0. The one-time code of a sign-up was handed to the carrier.
 * Category business, priority normal.
 */
export interface UserSignupOtpSentData {
  /** How the code travels, such as `sms` or `whatsapp`. */
  delivery_method: string;
}

/**
 * Data of `user.signup.otp_verified` 1.0.0. The person typed the right one-time code. Category
 * business, priority normal.
 */
export interface UserSignupOtpVerifiedData {
  /** Codes tried, the right one included. A whole number, at least 1. */
  attempts_used: number;
}

/**
 * Data of `user.signup.started` 1.0.0. Someone opened the sign-up form and typed a phone number;
 * there is no account yet. Category business, priority normal.
 */
export interface UserSignupStartedData {
  /** Dialling prefix, never the number. At most 7 characters. */
  phone_prefix: string;
}

/**
 * Data of `webhook.dead_lettered` 1.0.0. A call failed as often as it may and waits for a person to
 * look at it. Category system, priority high.
 */
export interface WebhookDeadLetteredData {
  /** Service that called. */
  source: string;
  /** What it called about, in its own words. */
  event_type: string;
}

/**
 * Data of `webhook.failed` 1.0.0. A call could not be handled; it may be tried again. Category
 * system, priority normal.
 */
export interface WebhookFailedData {
  /** Service that called. */
  source: string;
  /** What it called about, in its own words. */
  event_type: string;
  /** What went wrong, as a code or an HTTP status. */
  error_code: number | string;
}

/** Data of `webhook.processed` 1.0.0. A call was handled. Category system, priority normal. */
export interface WebhookProcessedData {
  /** Service that called. */
  source: string;
  /** What it called about, in its own words. */
  event_type: string;
  /** Time it took, in milliseconds. At least 0. */
  duration_ms: number;
}

/** Data of `webhook.received` 1.0.0. Another service called. Category system, priority normal. */
export interface WebhookReceivedData {
  /** Service that called. */
  source: string;
  /** What it called about, in its own words. */
  event_type: string;
}

/**
 * Data of `webhook.retried` 1.0.0. A failed call is being tried again. Category system, priority
 * normal.
 */
export interface WebhookRetriedData {
  /** Service that called. */
  source: string;
  /** Which attempt this is. A whole number, at least 1. */
  attempt_number: number;
}

/**
 * Data of `whatsapp.member.joined` 1.0.0. A member came into the group. Category business, priority
 * normal. Only counted by the day.
 */
export interface WhatsappMemberJoinedData {
  /** Community the group belongs to. A whole number. */
  community_id?: number;
  /** Member who came in. A whole number, personal (identifier). */
  identity_id?: number;
  /** The way in, such as `invite_link` or `added_by_admin`. */
  joined_via: Code;
}

/**
 * Data of `whatsapp.member.left` 1.0.0. A member went out of the group. Category business, priority
 * normal. Only counted by the day.
 */
export interface WhatsappMemberLeftData {
  /** Community the group belongs to. A whole number. */
  community_id?: number;
  /** Member who went. A whole number, personal (identifier). */
  identity_id?: number;
  /** How it came about, such as `left` or `removed`. */
  left_reason: Code;
}

/**
 * Data of `whatsapp.message.sent` 1.0.0. A member wrote to the community's WhatsApp group. Category
 * business, priority normal. Only counted by the day.
 */
export interface WhatsappMessageSentData {
  /** Community the group belongs to. A whole number. */
  community_id?: number;
  /** Member who wrote. A whole number, personal (identifier). */
  identity_id?: number;
  timestamp_bucket: Bucket;
}

/**
 * Data of `whatsapp.reaction.added` 1.0.0. A member reacted to a message in the group. Category
 * business, priority normal. Only counted by the day.
 */
export interface WhatsappReactionAddedData {
  /** Community the group belongs to. A whole number. */
  community_id?: number;
  /** Member who reacted. A whole number, personal (identifier). */
  identity_id?: number;
  timestamp_bucket: Bucket;
}

/**
 * Data of `whatsapp.reply.sent` 1.0.0. A member answered a message in the group. Category business,
 * priority normal. Only counted by the day.
 */
export interface WhatsappReplySentData {
  /** Community the group belongs to. A whole number. */
  community_id?: number;
  /** Member who answered. A whole number, personal (identifier). */
  identity_id?: number;
  timestamp_bucket: Bucket;
}

/**
 * Data of `world.portal.activated` 1.0.0. A person stepped into a portal and was shown where it
 * leads. Category product, priority normal.
 */
export interface WorldPortalActivatedData {
  /** Which portal, by its direction. */
  portal_direction: string;
  /** Community on the other side. A whole number. */
  destination_community_id: number;
  /** Name of that community as shown. */
  destination_name: string;
  /** Why this destination was offered. */
  reason_code: string;
}

/**
 * Data of `world.portal.traveled` 1.0.0. A person went through a portal and arrived in another
 * community's world. Category product, priority normal.
 */
export interface WorldPortalTraveledData {
  /** Community left. A whole number. */
  source_community_id: number;
  /** Community arrived in. A whole number. */
  destination_community_id: number;
  /** Which portal, by its direction. */
  portal_direction: string;
  /** Why the person went, as a code. */
  travel_reason: string;
}

/**
 * Data of `world.presence.updated` 1.0.0. A person moved. Comes many times a minute from everyone,
 * so only a share is kept. Category product, priority low.
 */
export interface WorldPresenceUpdatedData {
  /** Zone the person is in. */
  zone_type: Zone;
  /** Community whose world it is. A whole number. */
  community_id?: number;
}

/**
 * Data of `world.session.ended` 1.0.0. A person's client disconnected, on purpose or not. Category
 * product, priority normal.
 */
export interface WorldSessionEndedData {
  /** Time connected, in seconds. At least 0. */
  duration_seconds: number;
  /** Community whose room it was. A whole number. */
  community_id?: number;
}

/**
 * Data of `world.session.started` 1.0.0. A person's client connected to the room of a community.
 * Category product, priority normal.
 */
export interface WorldSessionStartedData {
  /** Community whose room it is. A whole number. */
  community_id?: number;
  /** People in the room, the new one included. A whole number, at least 0. */
  room_population: number;
}

/**
 * Data of `world.zone.entered` 1.0.0. A person walked into a zone. Category product, priority
 * normal.
 */
export interface WorldZoneEnteredData {
  /** Zone walked into. */
  zone_type: Zone;
  /** Zone they came from. */
  from_zone: Zone;
  /** Community whose world it is. A whole number. */
  community_id?: number;
}

/**
 * Data of `world.zone.exited` 1.0.0. A person walked out of a zone. Dwell times are computed from
 * this. Category product, priority normal.
 */
export interface WorldZoneExitedData {
  /** Zone left. */
  zone_type: Zone;
  /** Time spent in it, in seconds. At least 0. */
  duration_seconds: number;
  /** Community whose world it is. A whole number. */
  community_id?: number;
}

/** The data of the current version of every event type, by its name. */
export interface EventData {
  "age.appeal_opened": AgeAppealOpenedData;
  "age.appeal_resolved": AgeAppealResolvedData;
  "age.blocked": AgeBlockedData;
  "age.case_resolved": AgeCaseResolvedData;
  "age.declared": AgeDeclaredData;
  "age.feature_blocked": AgeFeatureBlockedData;
  "age.gate_presented": AgeGatePresentedData;
  "age.level_upgraded": AgeLevelUpgradedData;
  "age.minor_flagged": AgeMinorFlaggedData;
  "age.revalidated": AgeRevalidatedData;
  "community.created": CommunityCreatedData;
  "community.invite.created": CommunityInviteCreatedData;
  "community.invite.used": CommunityInviteUsedData;
  "community.member.joined": CommunityMemberJoinedData;
  "community.member.left": CommunityMemberLeftData;
  "community.member.removed": CommunityMemberRemovedData;
  "gamification.level.up": GamificationLevelUpData;
  "gamification.mission.assigned": GamificationMissionAssignedData;
  "gamification.mission.completed": GamificationMissionCompletedData;
  "gamification.ranking.updated": GamificationRankingUpdatedData;
  "gamification.streak.broken": GamificationStreakBrokenData;
  "gamification.streak.continued": GamificationStreakContinuedData;
  "gamification.streak.milestone": GamificationStreakMilestoneData;
  "gamification.streak.started": GamificationStreakStartedData;
  "gamification.xp.awarded": GamificationXpAwardedData;
  "system.health.degraded": SystemHealthDegradedData;
  "system.health.recovered": SystemHealthRecoveredData;
  "system.job.completed": SystemJobCompletedData;
  "system.job.failed": SystemJobFailedData;
  "system.job.started": SystemJobStartedData;
  "system.shutdown": SystemShutdownData;
  "system.startup": SystemStartupData;
  "user.login.completed": UserLoginCompletedData;
  "user.login.failed": UserLoginFailedData;
  "user.login.started": UserLoginStartedData;
  "user.logout.completed": UserLogoutCompletedData;
  "user.session.expired": UserSessionExpiredData;
  "user.signup.completed": UserSignupCompletedData;
  "user.signup.otp_sent": UserSignupOtpSentData;
  "user.signup.otp_verified": UserSignupOtpVerifiedData;
  "user.signup.started": UserSignupStartedData;
  "webhook.dead_lettered": WebhookDeadLetteredData;
  "webhook.failed": WebhookFailedData;
  "webhook.processed": WebhookProcessedData;
  "webhook.received": WebhookReceivedData;
  "webhook.retried": WebhookRetriedData;
  "whatsapp.member.joined": WhatsappMemberJoinedData;
  "whatsapp.member.left": WhatsappMemberLeftData;
  "whatsapp.message.sent": WhatsappMessageSentData;
  "whatsapp.reaction.added": WhatsappReactionAddedData;
  "whatsapp.reply.sent": WhatsappReplySentData;
  "world.portal.activated": WorldPortalActivatedData;
  "world.portal.traveled": WorldPortalTraveledData;
  "world.presence.updated": WorldPresenceUpdatedData;
  "world.session.ended": WorldSessionEndedData;
  "world.session.started": WorldSessionStartedData;
  "world.zone.entered": WorldZoneEnteredData;
  "world.zone.exited": WorldZoneExitedData;
}

/** The names of the event types. */
export type EventName = keyof EventData;

/** An event of one type, as the app writes it. */
export interface EventOf<N extends EventName> {
  /** The event's id. A UUID. */
  event_id: string;
  /** The event type. */
  event_name: N;
  /** When it happened. Date and time of RFC 3339. */
  timestamp: string;
  /** The part of the app that sent it. */
  source: "frontend" | "api" | "server" | "job" | "webhooks";
  /** Where it ran: production, staging, … */
  environment?: "production" | "staging" | "development" | null;
  /** The person. A whole number. */
  identity_id?: number | null;
  /** The person, by a name that tells nothing. */
  anonymous_id?: string | null;
  /** The session. */
  session_id?: string | null;
  /** The tenant, community or workspace. A whole number. */
  community_id?: number | null;
  /** The request, for tracing. */
  request_id?: string | null;
  /** What the event type's schema describes. */
  properties: EventData[N];
}

/** Any event of a declared type; its name tells which one. */
export type Event = { [N in EventName]: EventOf<N> }[EventName];
