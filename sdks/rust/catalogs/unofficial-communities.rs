// Events of Unofficial Communities, catalog unofficial-communities 1.2.0.
// Written by `daybook emit rust --app unofficial-communities`; changes belong in the catalog.
//
// Needs serde with its derive, and serde_json. What types cannot say (bounds, patterns, formats)
// stands in the comments; Daybook checks it. What may be of several types is a serde_json::Value.
// Fields that are not declared are skipped when they are read, but where a type keeps them in
// `further_fields`.

/// The data of an event, by its type and version.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Data {
    /// Of `age.appeal_opened` 1.0.0.
    AgeAppealOpened(AgeAppealOpenedData),
    /// Of `age.appeal_resolved` 1.0.0.
    AgeAppealResolved(AgeAppealResolvedData),
    /// Of `age.blocked` 1.0.0.
    AgeBlocked(AgeBlockedData),
    /// Of `age.case_resolved` 1.0.0.
    AgeCaseResolved(AgeCaseResolvedData),
    /// Of `age.declared` 1.0.0.
    AgeDeclared(AgeDeclaredData),
    /// Of `age.feature_blocked` 1.0.0.
    AgeFeatureBlocked(AgeFeatureBlockedData),
    /// Of `age.gate_presented` 1.0.0.
    AgeGatePresented(AgeGatePresentedData),
    /// Of `age.level_upgraded` 1.0.0.
    AgeLevelUpgraded(AgeLevelUpgradedData),
    /// Of `age.minor_flagged` 1.0.0.
    AgeMinorFlagged(AgeMinorFlaggedData),
    /// Of `age.revalidated` 1.0.0.
    AgeRevalidated(AgeRevalidatedData),
    /// Of `community.created` 1.0.0.
    CommunityCreated(CommunityCreatedData),
    /// Of `community.invite.created` 1.0.0.
    CommunityInviteCreated(CommunityInviteCreatedData),
    /// Of `community.invite.used` 1.0.0.
    CommunityInviteUsed(CommunityInviteUsedData),
    /// Of `community.member.joined` 1.0.0.
    CommunityMemberJoined(CommunityMemberJoinedData),
    /// Of `community.member.left` 1.0.0.
    CommunityMemberLeft(CommunityMemberLeftData),
    /// Of `community.member.removed` 1.0.0.
    CommunityMemberRemoved(CommunityMemberRemovedData),
    /// Of `gamification.level.up` 1.0.0.
    GamificationLevelUp(GamificationLevelUpData),
    /// Of `gamification.mission.assigned` 1.0.0.
    GamificationMissionAssigned(GamificationMissionAssignedData),
    /// Of `gamification.mission.completed` 1.0.0.
    GamificationMissionCompleted(GamificationMissionCompletedData),
    /// Of `gamification.ranking.updated` 1.0.0.
    GamificationRankingUpdated(GamificationRankingUpdatedData),
    /// Of `gamification.streak.broken` 1.0.0.
    GamificationStreakBroken(GamificationStreakBrokenData),
    /// Of `gamification.streak.continued` 1.0.0.
    GamificationStreakContinued(GamificationStreakContinuedData),
    /// Of `gamification.streak.milestone` 1.0.0.
    GamificationStreakMilestone(GamificationStreakMilestoneData),
    /// Of `gamification.streak.started` 1.0.0.
    GamificationStreakStarted(GamificationStreakStartedData),
    /// Of `gamification.xp.awarded` 1.0.0.
    GamificationXpAwarded(GamificationXpAwardedData),
    /// Of `system.health.degraded` 1.0.0.
    SystemHealthDegraded(SystemHealthDegradedData),
    /// Of `system.health.recovered` 1.0.0.
    SystemHealthRecovered(SystemHealthRecoveredData),
    /// Of `system.job.completed` 1.0.0.
    SystemJobCompleted(SystemJobCompletedData),
    /// Of `system.job.failed` 1.0.0.
    SystemJobFailed(SystemJobFailedData),
    /// Of `system.job.started` 1.0.0.
    SystemJobStarted(SystemJobStartedData),
    /// Of `system.shutdown` 1.0.0.
    SystemShutdown(SystemShutdownData),
    /// Of `system.startup` 1.0.0.
    SystemStartup(SystemStartupData),
    /// Of `user.login.completed` 1.0.0.
    UserLoginCompleted(UserLoginCompletedData),
    /// Of `user.login.failed` 1.0.0.
    UserLoginFailed(UserLoginFailedData),
    /// Of `user.login.started` 1.0.0.
    UserLoginStarted(UserLoginStartedData),
    /// Of `user.logout.completed` 1.0.0.
    UserLogoutCompleted(UserLogoutCompletedData),
    /// Of `user.session.expired` 1.0.0.
    UserSessionExpired(UserSessionExpiredData),
    /// Of `user.signup.completed` 1.0.0.
    UserSignupCompleted(UserSignupCompletedData),
    /// Of `user.signup.otp_sent` 1.0.0.
    UserSignupOtpSent(UserSignupOtpSentData),
    /// Of `user.signup.otp_verified` 1.0.0.
    UserSignupOtpVerified(UserSignupOtpVerifiedData),
    /// Of `user.signup.started` 1.0.0.
    UserSignupStarted(UserSignupStartedData),
    /// Of `webhook.dead_lettered` 1.0.0.
    WebhookDeadLettered(WebhookDeadLetteredData),
    /// Of `webhook.failed` 1.0.0.
    WebhookFailed(WebhookFailedData),
    /// Of `webhook.processed` 1.0.0.
    WebhookProcessed(WebhookProcessedData),
    /// Of `webhook.received` 1.0.0.
    WebhookReceived(WebhookReceivedData),
    /// Of `webhook.retried` 1.0.0.
    WebhookRetried(WebhookRetriedData),
    /// Of `whatsapp.member.joined` 1.0.0.
    WhatsappMemberJoined(WhatsappMemberJoinedData),
    /// Of `whatsapp.member.left` 1.0.0.
    WhatsappMemberLeft(WhatsappMemberLeftData),
    /// Of `whatsapp.message.sent` 1.0.0.
    WhatsappMessageSent(WhatsappMessageSentData),
    /// Of `whatsapp.reaction.added` 1.0.0.
    WhatsappReactionAdded(WhatsappReactionAddedData),
    /// Of `whatsapp.reply.sent` 1.0.0.
    WhatsappReplySent(WhatsappReplySentData),
    /// Of `world.portal.activated` 1.0.0.
    WorldPortalActivated(WorldPortalActivatedData),
    /// Of `world.portal.traveled` 1.0.0.
    WorldPortalTraveled(WorldPortalTraveledData),
    /// Of `world.presence.updated` 1.0.0.
    WorldPresenceUpdated(WorldPresenceUpdatedData),
    /// Of `world.session.ended` 1.0.0.
    WorldSessionEnded(WorldSessionEndedData),
    /// Of `world.session.started` 1.0.0.
    WorldSessionStarted(WorldSessionStartedData),
    /// Of `world.zone.entered` 1.0.0.
    WorldZoneEntered(WorldZoneEnteredData),
    /// Of `world.zone.exited` 1.0.0.
    WorldZoneExited(WorldZoneExitedData),
}

impl Data {
    /// The event type and its version.
    pub const fn of(&self) -> (&'static str, &'static str) {
        match self {
            Self::AgeAppealOpened(_) => ("age.appeal_opened", "1.0.0"),
            Self::AgeAppealResolved(_) => ("age.appeal_resolved", "1.0.0"),
            Self::AgeBlocked(_) => ("age.blocked", "1.0.0"),
            Self::AgeCaseResolved(_) => ("age.case_resolved", "1.0.0"),
            Self::AgeDeclared(_) => ("age.declared", "1.0.0"),
            Self::AgeFeatureBlocked(_) => ("age.feature_blocked", "1.0.0"),
            Self::AgeGatePresented(_) => ("age.gate_presented", "1.0.0"),
            Self::AgeLevelUpgraded(_) => ("age.level_upgraded", "1.0.0"),
            Self::AgeMinorFlagged(_) => ("age.minor_flagged", "1.0.0"),
            Self::AgeRevalidated(_) => ("age.revalidated", "1.0.0"),
            Self::CommunityCreated(_) => ("community.created", "1.0.0"),
            Self::CommunityInviteCreated(_) => ("community.invite.created", "1.0.0"),
            Self::CommunityInviteUsed(_) => ("community.invite.used", "1.0.0"),
            Self::CommunityMemberJoined(_) => ("community.member.joined", "1.0.0"),
            Self::CommunityMemberLeft(_) => ("community.member.left", "1.0.0"),
            Self::CommunityMemberRemoved(_) => ("community.member.removed", "1.0.0"),
            Self::GamificationLevelUp(_) => ("gamification.level.up", "1.0.0"),
            Self::GamificationMissionAssigned(_) => ("gamification.mission.assigned", "1.0.0"),
            Self::GamificationMissionCompleted(_) => ("gamification.mission.completed", "1.0.0"),
            Self::GamificationRankingUpdated(_) => ("gamification.ranking.updated", "1.0.0"),
            Self::GamificationStreakBroken(_) => ("gamification.streak.broken", "1.0.0"),
            Self::GamificationStreakContinued(_) => ("gamification.streak.continued", "1.0.0"),
            Self::GamificationStreakMilestone(_) => ("gamification.streak.milestone", "1.0.0"),
            Self::GamificationStreakStarted(_) => ("gamification.streak.started", "1.0.0"),
            Self::GamificationXpAwarded(_) => ("gamification.xp.awarded", "1.0.0"),
            Self::SystemHealthDegraded(_) => ("system.health.degraded", "1.0.0"),
            Self::SystemHealthRecovered(_) => ("system.health.recovered", "1.0.0"),
            Self::SystemJobCompleted(_) => ("system.job.completed", "1.0.0"),
            Self::SystemJobFailed(_) => ("system.job.failed", "1.0.0"),
            Self::SystemJobStarted(_) => ("system.job.started", "1.0.0"),
            Self::SystemShutdown(_) => ("system.shutdown", "1.0.0"),
            Self::SystemStartup(_) => ("system.startup", "1.0.0"),
            Self::UserLoginCompleted(_) => ("user.login.completed", "1.0.0"),
            Self::UserLoginFailed(_) => ("user.login.failed", "1.0.0"),
            Self::UserLoginStarted(_) => ("user.login.started", "1.0.0"),
            Self::UserLogoutCompleted(_) => ("user.logout.completed", "1.0.0"),
            Self::UserSessionExpired(_) => ("user.session.expired", "1.0.0"),
            Self::UserSignupCompleted(_) => ("user.signup.completed", "1.0.0"),
            Self::UserSignupOtpSent(_) => ("user.signup.otp_sent", "1.0.0"),
            Self::UserSignupOtpVerified(_) => ("user.signup.otp_verified", "1.0.0"),
            Self::UserSignupStarted(_) => ("user.signup.started", "1.0.0"),
            Self::WebhookDeadLettered(_) => ("webhook.dead_lettered", "1.0.0"),
            Self::WebhookFailed(_) => ("webhook.failed", "1.0.0"),
            Self::WebhookProcessed(_) => ("webhook.processed", "1.0.0"),
            Self::WebhookReceived(_) => ("webhook.received", "1.0.0"),
            Self::WebhookRetried(_) => ("webhook.retried", "1.0.0"),
            Self::WhatsappMemberJoined(_) => ("whatsapp.member.joined", "1.0.0"),
            Self::WhatsappMemberLeft(_) => ("whatsapp.member.left", "1.0.0"),
            Self::WhatsappMessageSent(_) => ("whatsapp.message.sent", "1.0.0"),
            Self::WhatsappReactionAdded(_) => ("whatsapp.reaction.added", "1.0.0"),
            Self::WhatsappReplySent(_) => ("whatsapp.reply.sent", "1.0.0"),
            Self::WorldPortalActivated(_) => ("world.portal.activated", "1.0.0"),
            Self::WorldPortalTraveled(_) => ("world.portal.traveled", "1.0.0"),
            Self::WorldPresenceUpdated(_) => ("world.presence.updated", "1.0.0"),
            Self::WorldSessionEnded(_) => ("world.session.ended", "1.0.0"),
            Self::WorldSessionStarted(_) => ("world.session.started", "1.0.0"),
            Self::WorldZoneEntered(_) => ("world.zone.entered", "1.0.0"),
            Self::WorldZoneExited(_) => ("world.zone.exited", "1.0.0"),
        }
    }

    /// Reads the data of an event; without a version that of the current one. `None` for types and versions that the
    /// catalog does not declare.
    ///
    /// # Errors
    /// When the data is not of the type.
    pub fn read(name: &str, version: Option<&str>, data: serde_json::Value) -> Option<serde_json::Result<Self>> {
        Some(match (name, version) {
            ("age.appeal_opened", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AgeAppealOpened),
            ("age.appeal_resolved", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AgeAppealResolved),
            ("age.blocked", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AgeBlocked),
            ("age.case_resolved", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AgeCaseResolved),
            ("age.declared", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AgeDeclared),
            ("age.feature_blocked", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AgeFeatureBlocked),
            ("age.gate_presented", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AgeGatePresented),
            ("age.level_upgraded", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AgeLevelUpgraded),
            ("age.minor_flagged", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AgeMinorFlagged),
            ("age.revalidated", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AgeRevalidated),
            ("community.created", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CommunityCreated),
            ("community.invite.created", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CommunityInviteCreated),
            ("community.invite.used", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CommunityInviteUsed),
            ("community.member.joined", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CommunityMemberJoined),
            ("community.member.left", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CommunityMemberLeft),
            ("community.member.removed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CommunityMemberRemoved),
            ("gamification.level.up", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GamificationLevelUp),
            ("gamification.mission.assigned", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GamificationMissionAssigned),
            ("gamification.mission.completed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GamificationMissionCompleted),
            ("gamification.ranking.updated", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GamificationRankingUpdated),
            ("gamification.streak.broken", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GamificationStreakBroken),
            ("gamification.streak.continued", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GamificationStreakContinued),
            ("gamification.streak.milestone", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GamificationStreakMilestone),
            ("gamification.streak.started", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GamificationStreakStarted),
            ("gamification.xp.awarded", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GamificationXpAwarded),
            ("system.health.degraded", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SystemHealthDegraded),
            ("system.health.recovered", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SystemHealthRecovered),
            ("system.job.completed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SystemJobCompleted),
            ("system.job.failed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SystemJobFailed),
            ("system.job.started", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SystemJobStarted),
            ("system.shutdown", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SystemShutdown),
            ("system.startup", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SystemStartup),
            ("user.login.completed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UserLoginCompleted),
            ("user.login.failed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UserLoginFailed),
            ("user.login.started", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UserLoginStarted),
            ("user.logout.completed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UserLogoutCompleted),
            ("user.session.expired", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UserSessionExpired),
            ("user.signup.completed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UserSignupCompleted),
            ("user.signup.otp_sent", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UserSignupOtpSent),
            ("user.signup.otp_verified", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UserSignupOtpVerified),
            ("user.signup.started", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UserSignupStarted),
            ("webhook.dead_lettered", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WebhookDeadLettered),
            ("webhook.failed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WebhookFailed),
            ("webhook.processed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WebhookProcessed),
            ("webhook.received", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WebhookReceived),
            ("webhook.retried", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WebhookRetried),
            ("whatsapp.member.joined", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WhatsappMemberJoined),
            ("whatsapp.member.left", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WhatsappMemberLeft),
            ("whatsapp.message.sent", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WhatsappMessageSent),
            ("whatsapp.reaction.added", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WhatsappReactionAdded),
            ("whatsapp.reply.sent", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WhatsappReplySent),
            ("world.portal.activated", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WorldPortalActivated),
            ("world.portal.traveled", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WorldPortalTraveled),
            ("world.presence.updated", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WorldPresenceUpdated),
            ("world.session.ended", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WorldSessionEnded),
            ("world.session.started", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WorldSessionStarted),
            ("world.zone.entered", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WorldZoneEntered),
            ("world.zone.exited", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WorldZoneExited),
            _ => return None,
        })
    }
}

/// The types of events.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum EventType {
    /// `age.appeal_opened`.
    #[serde(rename = "age.appeal_opened")]
    AgeAppealOpened,
    /// `age.appeal_resolved`.
    #[serde(rename = "age.appeal_resolved")]
    AgeAppealResolved,
    /// `age.blocked`.
    #[serde(rename = "age.blocked")]
    AgeBlocked,
    /// `age.case_resolved`.
    #[serde(rename = "age.case_resolved")]
    AgeCaseResolved,
    /// `age.declared`.
    #[serde(rename = "age.declared")]
    AgeDeclared,
    /// `age.feature_blocked`.
    #[serde(rename = "age.feature_blocked")]
    AgeFeatureBlocked,
    /// `age.gate_presented`.
    #[serde(rename = "age.gate_presented")]
    AgeGatePresented,
    /// `age.level_upgraded`.
    #[serde(rename = "age.level_upgraded")]
    AgeLevelUpgraded,
    /// `age.minor_flagged`.
    #[serde(rename = "age.minor_flagged")]
    AgeMinorFlagged,
    /// `age.revalidated`.
    #[serde(rename = "age.revalidated")]
    AgeRevalidated,
    /// `community.created`.
    #[serde(rename = "community.created")]
    CommunityCreated,
    /// `community.invite.created`.
    #[serde(rename = "community.invite.created")]
    CommunityInviteCreated,
    /// `community.invite.used`.
    #[serde(rename = "community.invite.used")]
    CommunityInviteUsed,
    /// `community.member.joined`.
    #[serde(rename = "community.member.joined")]
    CommunityMemberJoined,
    /// `community.member.left`.
    #[serde(rename = "community.member.left")]
    CommunityMemberLeft,
    /// `community.member.removed`.
    #[serde(rename = "community.member.removed")]
    CommunityMemberRemoved,
    /// `gamification.level.up`.
    #[serde(rename = "gamification.level.up")]
    GamificationLevelUp,
    /// `gamification.mission.assigned`.
    #[serde(rename = "gamification.mission.assigned")]
    GamificationMissionAssigned,
    /// `gamification.mission.completed`.
    #[serde(rename = "gamification.mission.completed")]
    GamificationMissionCompleted,
    /// `gamification.ranking.updated`.
    #[serde(rename = "gamification.ranking.updated")]
    GamificationRankingUpdated,
    /// `gamification.streak.broken`.
    #[serde(rename = "gamification.streak.broken")]
    GamificationStreakBroken,
    /// `gamification.streak.continued`.
    #[serde(rename = "gamification.streak.continued")]
    GamificationStreakContinued,
    /// `gamification.streak.milestone`.
    #[serde(rename = "gamification.streak.milestone")]
    GamificationStreakMilestone,
    /// `gamification.streak.started`.
    #[serde(rename = "gamification.streak.started")]
    GamificationStreakStarted,
    /// `gamification.xp.awarded`.
    #[serde(rename = "gamification.xp.awarded")]
    GamificationXpAwarded,
    /// `system.health.degraded`.
    #[serde(rename = "system.health.degraded")]
    SystemHealthDegraded,
    /// `system.health.recovered`.
    #[serde(rename = "system.health.recovered")]
    SystemHealthRecovered,
    /// `system.job.completed`.
    #[serde(rename = "system.job.completed")]
    SystemJobCompleted,
    /// `system.job.failed`.
    #[serde(rename = "system.job.failed")]
    SystemJobFailed,
    /// `system.job.started`.
    #[serde(rename = "system.job.started")]
    SystemJobStarted,
    /// `system.shutdown`.
    #[serde(rename = "system.shutdown")]
    SystemShutdown,
    /// `system.startup`.
    #[serde(rename = "system.startup")]
    SystemStartup,
    /// `user.login.completed`.
    #[serde(rename = "user.login.completed")]
    UserLoginCompleted,
    /// `user.login.failed`.
    #[serde(rename = "user.login.failed")]
    UserLoginFailed,
    /// `user.login.started`.
    #[serde(rename = "user.login.started")]
    UserLoginStarted,
    /// `user.logout.completed`.
    #[serde(rename = "user.logout.completed")]
    UserLogoutCompleted,
    /// `user.session.expired`.
    #[serde(rename = "user.session.expired")]
    UserSessionExpired,
    /// `user.signup.completed`.
    #[serde(rename = "user.signup.completed")]
    UserSignupCompleted,
    /// `user.signup.otp_sent`.
    #[serde(rename = "user.signup.otp_sent")]
    UserSignupOtpSent,
    /// `user.signup.otp_verified`.
    #[serde(rename = "user.signup.otp_verified")]
    UserSignupOtpVerified,
    /// `user.signup.started`.
    #[serde(rename = "user.signup.started")]
    UserSignupStarted,
    /// `webhook.dead_lettered`.
    #[serde(rename = "webhook.dead_lettered")]
    WebhookDeadLettered,
    /// `webhook.failed`.
    #[serde(rename = "webhook.failed")]
    WebhookFailed,
    /// `webhook.processed`.
    #[serde(rename = "webhook.processed")]
    WebhookProcessed,
    /// `webhook.received`.
    #[serde(rename = "webhook.received")]
    WebhookReceived,
    /// `webhook.retried`.
    #[serde(rename = "webhook.retried")]
    WebhookRetried,
    /// `whatsapp.member.joined`.
    #[serde(rename = "whatsapp.member.joined")]
    WhatsappMemberJoined,
    /// `whatsapp.member.left`.
    #[serde(rename = "whatsapp.member.left")]
    WhatsappMemberLeft,
    /// `whatsapp.message.sent`.
    #[serde(rename = "whatsapp.message.sent")]
    WhatsappMessageSent,
    /// `whatsapp.reaction.added`.
    #[serde(rename = "whatsapp.reaction.added")]
    WhatsappReactionAdded,
    /// `whatsapp.reply.sent`.
    #[serde(rename = "whatsapp.reply.sent")]
    WhatsappReplySent,
    /// `world.portal.activated`.
    #[serde(rename = "world.portal.activated")]
    WorldPortalActivated,
    /// `world.portal.traveled`.
    #[serde(rename = "world.portal.traveled")]
    WorldPortalTraveled,
    /// `world.presence.updated`.
    #[serde(rename = "world.presence.updated")]
    WorldPresenceUpdated,
    /// `world.session.ended`.
    #[serde(rename = "world.session.ended")]
    WorldSessionEnded,
    /// `world.session.started`.
    #[serde(rename = "world.session.started")]
    WorldSessionStarted,
    /// `world.zone.entered`.
    #[serde(rename = "world.zone.entered")]
    WorldZoneEntered,
    /// `world.zone.exited`.
    #[serde(rename = "world.zone.exited")]
    WorldZoneExited,
}

/// An event as the app writes it. `Data::read` reads its data.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Event {
    /// The event's id. A UUID.
    pub event_id: String,
    /// The event type.
    pub event_name: EventType,
    /// When it happened. Date and time of RFC 3339.
    pub timestamp: String,
    /// The part of the app that sent it.
    pub source: String,
    /// Where it ran: production, staging, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The person. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<i64>,
    /// The person, by a name that tells nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The tenant, community or workspace. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
    /// The request, for tracing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What the event type's schema describes.
    pub properties: serde_json::Value,
}

/// A place in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Zone {
    /// `central_hub`.
    #[serde(rename = "central_hub")]
    CentralHub,
    /// `workshop`.
    #[serde(rename = "workshop")]
    Workshop,
    /// `social_east`.
    #[serde(rename = "social_east")]
    SocialEast,
    /// `social_west`.
    #[serde(rename = "social_west")]
    SocialWest,
    /// `brand_zone`.
    #[serde(rename = "brand_zone")]
    BrandZone,
    /// `quiet_refuge`.
    #[serde(rename = "quiet_refuge")]
    QuietRefuge,
    /// `onboarding`.
    #[serde(rename = "onboarding")]
    Onboarding,
    /// `portal_ne`.
    #[serde(rename = "portal_ne")]
    PortalNe,
    /// `portal_e`.
    #[serde(rename = "portal_e")]
    PortalE,
    /// `portal_se`.
    #[serde(rename = "portal_se")]
    PortalSe,
    /// `portal_sw`.
    #[serde(rename = "portal_sw")]
    PortalSw,
    /// `portal_w`.
    #[serde(rename = "portal_w")]
    PortalW,
    /// `portal_nw`.
    #[serde(rename = "portal_nw")]
    PortalNw,
}

/// How sure the app is of a person's age.
pub type AssuranceLevel = serde_json::Value;

/// A code. Matches `^\S{1,64}$`.
pub type Code = String;

/// The day, or the start of the finer interval, that the activity is counted in. `anyOf`
/// [{"format":"date"},{"format":"date-time"}].
pub type Bucket = String;

/// Data of `age.appeal_opened` 1.0.0. A person objected to having been turned away.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AgeAppealOpenedData {
    /// Case objected to. Personal (identifier).
    pub case_id: serde_json::Value,
}

/// Data of `age.appeal_resolved` 1.0.0. An objection was decided.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AgeAppealResolvedData {
    /// Case objected to. Personal (identifier).
    pub case_id: serde_json::Value,
    /// What was decided, such as `upheld` or `overturned`.
    pub outcome: String,
}

/// Data of `age.blocked` 1.0.0. A person was turned away as under 18.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AgeBlockedData {
    /// Band, such as `13-17`. Personal (personal).
    pub age_band: String,
    /// Gate that turned them away.
    pub gate: AgeBlockedDataGate,
}

/// `AgeBlockedDataGate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum AgeBlockedDataGate {
    /// `A`.
    #[serde(rename = "A")]
    A,
    /// `B`.
    #[serde(rename = "B")]
    B,
}

/// Data of `age.case_resolved` 1.0.0. People decided a case about a person's age.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AgeCaseResolvedData {
    /// The case, as the case system numbers it. Personal (identifier).
    pub case_id: serde_json::Value,
    /// What was found.
    pub outcome: String,
    /// What was done about it.
    pub action_taken: String,
}

/// Data of `age.declared` 1.0.0. A person told their date of birth at gate A; only the band it
/// falls in is kept.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AgeDeclaredData {
    /// Band, such as `18-24`. Personal (personal).
    pub age_band: String,
    /// How much the declaration is worth.
    pub assurance_level: AssuranceLevel,
}

/// Data of `age.feature_blocked` 1.0.0. Gate C kept a person from a feature.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AgeFeatureBlockedData {
    /// The feature.
    pub feature: String,
    /// Why, as a code.
    pub reason: String,
    /// Assurance it would have taken.
    pub required_level: AssuranceLevel,
}

/// Data of `age.gate_presented` 1.0.0. A person was shown an age gate.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AgeGatePresentedData {
    /// Which gate.
    pub gate: AgeGatePresentedDataGate,
    /// What the person was about to do.
    pub trigger: String,
}

/// `AgeGatePresentedDataGate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum AgeGatePresentedDataGate {
    /// `A`.
    #[serde(rename = "A")]
    A,
    /// `B`.
    #[serde(rename = "B")]
    B,
    /// `C`.
    #[serde(rename = "C")]
    C,
}

/// Data of `age.level_upgraded` 1.0.0. The app is surer of a person's age than before.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AgeLevelUpgradedData {
    /// Assurance before.
    pub old_level: AssuranceLevel,
    /// Assurance now.
    pub new_level: AssuranceLevel,
    /// What raised it, as a code.
    pub reason: String,
}

/// Data of `age.minor_flagged` 1.0.0. Something suggests that a person is a minor, and a case was
/// opened for people to look at.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AgeMinorFlaggedData {
    /// What gave rise to it. Personal (personal).
    pub signal_type: String,
    /// How strong the suspicion is, on the scale of whatever raised it. Personal (personal).
    pub risk_score: f64,
}

/// Data of `age.revalidated` 1.0.0. A person went through the check of gate B.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AgeRevalidatedData {
    /// Whether the check agrees with what was declared.
    pub matched: bool,
    /// Days between the two dates of birth, 0 where they agree. A whole number, personal
    /// (personal).
    pub discrepancy_days: i64,
    /// Assurance after the check.
    pub new_level: AssuranceLevel,
}

/// Data of `community.created` 1.0.0. A person founded a community.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CommunityCreatedData {
    /// Who can find it, such as `public` or `private`.
    pub visibility: String,
    /// Hash of the founder's identity. Personal (identifier).
    pub owner_id_hash: String,
}

/// Data of `community.invite.created` 1.0.0. A member made an invitation.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CommunityInviteCreatedData {
    /// Community invited to. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `community.invite.used` 1.0.0. Someone came in by an invitation.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CommunityInviteUsedData {
    /// Community invited to. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `community.member.joined` 1.0.0. A person became a member.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CommunityMemberJoinedData {
    /// The way in, such as `invite`, `link` or `signup`.
    pub method: String,
    /// Community joined. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `community.member.left` 1.0.0. A member left of their own accord.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CommunityMemberLeftData {
    /// Reason chosen on leaving, as a code.
    pub reason: String,
    /// Whole days of membership. A whole number, at least 0.
    pub days_member: i64,
    /// Community left. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `community.member.removed` 1.0.0. An administrator ended a membership.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CommunityMemberRemovedData {
    /// Role of whoever did it, such as `moderator`; never the person.
    pub by_role: String,
    /// Community removed from. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `gamification.level.up` 1.0.0. A person's points passed the threshold of a higher level.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GamificationLevelUpData {
    /// Level before. A whole number, at least 0.
    pub old_level: i64,
    /// Level now; more than one step is possible. A whole number, at least 1.
    pub new_level: i64,
    /// Community in which the level counts. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `gamification.mission.assigned` 1.0.0. The daily job gave a person the missions of the
/// day.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GamificationMissionAssignedData {
    /// Missions given. A whole number, at least 0.
    pub mission_count: i64,
    /// Community the missions belong to. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `gamification.mission.completed` 1.0.0. A person finished one mission.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GamificationMissionCompletedData {
    /// Kind of mission, such as `send_messages`.
    pub mission_type: String,
    /// Points earned by it. A whole number, at least 0.
    pub xp_awarded: i64,
    /// Community the mission belongs to. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `gamification.ranking.updated` 1.0.0. The weekly job closed a community's ranking and
/// opened the next.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GamificationRankingUpdatedData {
    /// Community whose ranking it is. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
    /// Whether other people lead than the week before.
    #[serde(rename = "top_3_changed")]
    pub top3_changed: bool,
}

/// Data of `gamification.streak.broken` 1.0.0. The nightly job found a day missed and ended the
/// streak.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GamificationStreakBrokenData {
    /// Days the streak had lasted. A whole number, at least 1.
    pub previous_streak: i64,
    /// Community in which the streak counted. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `gamification.streak.continued` 1.0.0. A person was active on one more day in a row.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GamificationStreakContinuedData {
    /// Days in a row, today included. A whole number, at least 1.
    pub streak_day: i64,
    /// Community in which the streak counts. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `gamification.streak.milestone` 1.0.0. A streak reached a length that earns a bonus.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GamificationStreakMilestoneData {
    /// Days in a row.
    pub milestone: serde_json::Value,
    /// Points on top. A whole number, at least 0.
    pub bonus_xp: i64,
    /// Community in which the streak counts. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `gamification.streak.started` 1.0.0. A person was active on a day after none, which
/// begins a streak.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GamificationStreakStartedData {
    /// Community in which the streak counts. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `gamification.xp.awarded` 1.0.0. A person was given experience points.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GamificationXpAwardedData {
    /// Points given. A whole number, at least 0.
    pub amount: i64,
    /// What they were given for, such as `mission` or `streak`.
    pub source: String,
    /// Community in which they count. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `system.health.degraded` 1.0.0. A health check of a service failed.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SystemHealthDegradedData {
    /// The service.
    pub service: String,
    /// The check that failed.
    pub check_name: String,
}

/// Data of `system.health.recovered` 1.0.0. A service is healthy again.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SystemHealthRecoveredData {
    /// The service.
    pub service: String,
    /// Time it was not healthy, in seconds. At least 0.
    pub downtime_seconds: f64,
}

/// Data of `system.job.completed` 1.0.0. A background job did its work.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SystemJobCompletedData {
    /// The job.
    pub job_name: String,
    /// Time it took, in milliseconds. At least 0.
    pub duration_ms: f64,
}

/// Data of `system.job.failed` 1.0.0. A background job stopped with an error.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SystemJobFailedData {
    /// The job.
    pub job_name: String,
    /// The error, as a code or in words that name nobody.
    pub error: String,
}

/// Data of `system.job.started` 1.0.0. A background job began.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SystemJobStartedData {
    /// The job.
    pub job_name: String,
}

/// Data of `system.shutdown` 1.0.0. A service is going down on purpose.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SystemShutdownData {
    /// The service.
    pub service: String,
    /// Time it ran, in seconds. At least 0.
    pub uptime_seconds: f64,
}

/// Data of `system.startup` 1.0.0. A service came up.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SystemStartupData {
    /// The service.
    pub service: String,
    /// Version it runs.
    pub version: String,
}

/// Data of `user.login.completed` 1.0.0. A person was let in and has a session.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UserLoginCompletedData {
    /// Hash of the session's id, to find its other events by. Personal (identifier).
    pub session_id_hash: String,
}

/// Data of `user.login.failed` 1.0.0. A login was refused.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UserLoginFailedData {
    /// Why, as a code such as `otp_invalid` or `account_locked`.
    pub reason: String,
}

/// Data of `user.login.started` 1.0.0. Someone opened the login form and typed a phone number; who
/// it is, is not known yet.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UserLoginStartedData {
    /// Dialling prefix, never the number. At most 7 characters.
    pub phone_prefix: String,
}

/// Data of `user.logout.completed` 1.0.0. A person ended their own session.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UserLogoutCompletedData {
    /// From login to logout, in seconds. At least 0.
    pub session_duration_seconds: f64,
}

/// Data of `user.session.expired` 1.0.0. A session was closed because nobody had used it for too
/// long.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UserSessionExpiredData {
    /// Whole days since it was last used. A whole number, at least 0.
    pub inactive_days: i64,
}

/// Data of `user.signup.completed` 1.0.0. A profile exists; from here on the person has an
/// identity.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UserSignupCompletedData {
    /// Whether a picture was chosen on the way.
    pub has_avatar: bool,
    /// Community the person signed up to. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `user.signup.otp_sent` 1.0.0. The one-time code of a sign-up was handed to the carrier.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UserSignupOtpSentData {
    /// How the code travels, such as `sms` or `whatsapp`.
    pub delivery_method: String,
}

/// Data of `user.signup.otp_verified` 1.0.0. The person typed the right one-time code.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UserSignupOtpVerifiedData {
    /// Codes tried, the right one included. A whole number, at least 1.
    pub attempts_used: i64,
}

/// Data of `user.signup.started` 1.0.0. Someone opened the sign-up form and typed a phone number;
/// there is no account yet.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UserSignupStartedData {
    /// Dialling prefix, never the number. At most 7 characters.
    pub phone_prefix: String,
}

/// Data of `webhook.dead_lettered` 1.0.0. A call failed as often as it may and waits for a person
/// to look at it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WebhookDeadLetteredData {
    /// Service that called.
    pub source: String,
    /// What it called about, in its own words.
    pub event_type: String,
}

/// Data of `webhook.failed` 1.0.0. A call could not be handled; it may be tried again.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WebhookFailedData {
    /// Service that called.
    pub source: String,
    /// What it called about, in its own words.
    pub event_type: String,
    /// What went wrong, as a code or an HTTP status.
    pub error_code: serde_json::Value,
}

/// Data of `webhook.processed` 1.0.0. A call was handled.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WebhookProcessedData {
    /// Service that called.
    pub source: String,
    /// What it called about, in its own words.
    pub event_type: String,
    /// Time it took, in milliseconds. At least 0.
    pub duration_ms: f64,
}

/// Data of `webhook.received` 1.0.0. Another service called.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WebhookReceivedData {
    /// Service that called.
    pub source: String,
    /// What it called about, in its own words.
    pub event_type: String,
}

/// Data of `webhook.retried` 1.0.0. A failed call is being tried again.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WebhookRetriedData {
    /// Service that called.
    pub source: String,
    /// Which attempt this is. A whole number, at least 1.
    pub attempt_number: i64,
}

/// Data of `whatsapp.member.joined` 1.0.0. A member came into the group.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WhatsappMemberJoinedData {
    /// Community the group belongs to. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
    /// Member who came in. A whole number, personal (identifier).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<i64>,
    /// The way in, such as `invite_link` or `added_by_admin`.
    pub joined_via: Code,
}

/// Data of `whatsapp.member.left` 1.0.0. A member went out of the group.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WhatsappMemberLeftData {
    /// Community the group belongs to. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
    /// Member who went. A whole number, personal (identifier).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<i64>,
    /// How it came about, such as `left` or `removed`.
    pub left_reason: Code,
}

/// Data of `whatsapp.message.sent` 1.0.0. A member wrote to the community's WhatsApp group.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WhatsappMessageSentData {
    /// Community the group belongs to. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
    /// Member who wrote. A whole number, personal (identifier).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<i64>,
    /// `timestamp_bucket`.
    pub timestamp_bucket: Bucket,
}

/// Data of `whatsapp.reaction.added` 1.0.0. A member reacted to a message in the group.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WhatsappReactionAddedData {
    /// Community the group belongs to. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
    /// Member who reacted. A whole number, personal (identifier).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<i64>,
    /// `timestamp_bucket`.
    pub timestamp_bucket: Bucket,
}

/// Data of `whatsapp.reply.sent` 1.0.0. A member answered a message in the group.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WhatsappReplySentData {
    /// Community the group belongs to. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
    /// Member who answered. A whole number, personal (identifier).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<i64>,
    /// `timestamp_bucket`.
    pub timestamp_bucket: Bucket,
}

/// Data of `world.portal.activated` 1.0.0. A person stepped into a portal and was shown where it
/// leads.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WorldPortalActivatedData {
    /// Which portal, by its direction.
    pub portal_direction: String,
    /// Community on the other side. A whole number.
    pub destination_community_id: i64,
    /// Name of that community as shown.
    pub destination_name: String,
    /// Why this destination was offered.
    pub reason_code: String,
}

/// Data of `world.portal.traveled` 1.0.0. A person went through a portal and arrived in another
/// community's world.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WorldPortalTraveledData {
    /// Community left. A whole number.
    pub source_community_id: i64,
    /// Community arrived in. A whole number.
    pub destination_community_id: i64,
    /// Which portal, by its direction.
    pub portal_direction: String,
    /// Why the person went, as a code.
    pub travel_reason: String,
}

/// Data of `world.presence.updated` 1.0.0. A person moved. Comes many times a minute from everyone,
/// so only a share is kept.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WorldPresenceUpdatedData {
    /// Zone the person is in.
    pub zone_type: Zone,
    /// Community whose world it is. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `world.session.ended` 1.0.0. A person's client disconnected, on purpose or not.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WorldSessionEndedData {
    /// Time connected, in seconds. At least 0.
    pub duration_seconds: f64,
    /// Community whose room it was. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `world.session.started` 1.0.0. A person's client connected to the room of a community.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WorldSessionStartedData {
    /// Community whose room it is. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
    /// People in the room, the new one included. A whole number, at least 0.
    pub room_population: i64,
}

/// Data of `world.zone.entered` 1.0.0. A person walked into a zone.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WorldZoneEnteredData {
    /// Zone walked into.
    pub zone_type: Zone,
    /// Zone they came from.
    pub from_zone: Zone,
    /// Community whose world it is. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}

/// Data of `world.zone.exited` 1.0.0. A person walked out of a zone. Dwell times are computed from
/// this.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WorldZoneExitedData {
    /// Zone left.
    pub zone_type: Zone,
    /// Time spent in it, in seconds. At least 0.
    pub duration_seconds: f64,
    /// Community whose world it is. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<i64>,
}
