// Events of Noema, catalog noema 1.0.0.
// Written by `daybook emit rust --app noema`; changes belong in the catalog.
//
// Needs serde with its derive, and serde_json. What types cannot say (bounds, patterns, formats)
// stands in the comments; Daybook checks it. What may be of several types is a serde_json::Value.
// Fields that are not declared are skipped when they are read, but where a type keeps them in
// `further_fields`.

/// The data of an event, by its type and version.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Data {
    /// Of `account_created` 1.0.0.
    AccountCreated(AccountCreatedData),
    /// Of `account_status_changed` 1.0.0.
    AccountStatusChanged(AccountStatusChangedData),
    /// Of `api_key_created` 1.0.0.
    ApiKeyCreated(ApiKeyCreatedData),
    /// Of `api_key_revoked` 1.0.0.
    ApiKeyRevoked(ApiKeyRevokedData),
    /// Of `award_achieved` 1.0.0.
    AwardAchieved(AwardAchievedData),
    /// Of `command_executed` 1.0.0.
    CommandExecuted(CommandExecutedData),
    /// Of `command_failed_validation` 1.0.0.
    CommandFailedValidation(CommandFailedValidationData),
    /// Of `credit_added` 1.0.0.
    CreditAdded(CreditAddedData),
    /// Of `credit_spent` 1.0.0.
    CreditSpent(CreditSpentData),
    /// Of `exp_gained` 1.0.0.
    ExpGained(ExpGainedData),
    /// Of `generation_completed` 1.0.0.
    GenerationCompleted(GenerationCompletedData),
    /// Of `generation_failed` 1.0.0.
    GenerationFailed(GenerationFailedData),
    /// Of `generation_requested` 1.0.0.
    GenerationRequested(GenerationRequestedData),
    /// Of `menu_item_clicked` 1.0.0.
    MenuItemClicked(MenuItemClickedData),
    /// Of `platform_identity_linked` 1.0.0.
    PlatformIdentityLinked(PlatformIdentityLinkedData),
    /// Of `platform_identity_unlinked` 1.0.0.
    PlatformIdentityUnlinked(PlatformIdentityUnlinkedData),
    /// Of `preference_changed` 1.0.0.
    PreferenceChanged(PreferenceChangedData),
    /// Of `preference_reset` 1.0.0.
    PreferenceReset(PreferenceResetData),
    /// Of `profile_updated` 1.0.0.
    ProfileUpdated(ProfileUpdatedData),
    /// Of `session_ended` 1.0.0.
    SessionEnded(SessionEndedData),
    /// Of `session_started` 1.0.0.
    SessionStarted(SessionStartedData),
    /// Of `ui_element_interacted` 1.0.0.
    UiElementInteracted(UiElementInteractedData),
    /// Of `user_facing_error_displayed` 1.0.0.
    UserFacingErrorDisplayed(UserFacingErrorDisplayedData),
    /// Of `user_login_failed` 1.0.0.
    UserLoginFailed(UserLoginFailedData),
    /// Of `user_login_success` 1.0.0.
    UserLoginSuccess(UserLoginSuccessData),
    /// Of `user_logout` 1.0.0.
    UserLogout(UserLogoutData),
    /// Of `wallet_linked` 1.0.0.
    WalletLinked(WalletLinkedData),
    /// Of `wallet_unlinked` 1.0.0.
    WalletUnlinked(WalletUnlinkedData),
    /// Of `wallet_verified` 1.0.0.
    WalletVerified(WalletVerifiedData),
}

impl Data {
    /// The event type and its version.
    pub const fn of(&self) -> (&'static str, &'static str) {
        match self {
            Self::AccountCreated(_) => ("account_created", "1.0.0"),
            Self::AccountStatusChanged(_) => ("account_status_changed", "1.0.0"),
            Self::ApiKeyCreated(_) => ("api_key_created", "1.0.0"),
            Self::ApiKeyRevoked(_) => ("api_key_revoked", "1.0.0"),
            Self::AwardAchieved(_) => ("award_achieved", "1.0.0"),
            Self::CommandExecuted(_) => ("command_executed", "1.0.0"),
            Self::CommandFailedValidation(_) => ("command_failed_validation", "1.0.0"),
            Self::CreditAdded(_) => ("credit_added", "1.0.0"),
            Self::CreditSpent(_) => ("credit_spent", "1.0.0"),
            Self::ExpGained(_) => ("exp_gained", "1.0.0"),
            Self::GenerationCompleted(_) => ("generation_completed", "1.0.0"),
            Self::GenerationFailed(_) => ("generation_failed", "1.0.0"),
            Self::GenerationRequested(_) => ("generation_requested", "1.0.0"),
            Self::MenuItemClicked(_) => ("menu_item_clicked", "1.0.0"),
            Self::PlatformIdentityLinked(_) => ("platform_identity_linked", "1.0.0"),
            Self::PlatformIdentityUnlinked(_) => ("platform_identity_unlinked", "1.0.0"),
            Self::PreferenceChanged(_) => ("preference_changed", "1.0.0"),
            Self::PreferenceReset(_) => ("preference_reset", "1.0.0"),
            Self::ProfileUpdated(_) => ("profile_updated", "1.0.0"),
            Self::SessionEnded(_) => ("session_ended", "1.0.0"),
            Self::SessionStarted(_) => ("session_started", "1.0.0"),
            Self::UiElementInteracted(_) => ("ui_element_interacted", "1.0.0"),
            Self::UserFacingErrorDisplayed(_) => ("user_facing_error_displayed", "1.0.0"),
            Self::UserLoginFailed(_) => ("user_login_failed", "1.0.0"),
            Self::UserLoginSuccess(_) => ("user_login_success", "1.0.0"),
            Self::UserLogout(_) => ("user_logout", "1.0.0"),
            Self::WalletLinked(_) => ("wallet_linked", "1.0.0"),
            Self::WalletUnlinked(_) => ("wallet_unlinked", "1.0.0"),
            Self::WalletVerified(_) => ("wallet_verified", "1.0.0"),
        }
    }

    /// Reads the data of an event; without a version that of the current one. `None` for types and versions that the
    /// catalog does not declare.
    ///
    /// # Errors
    /// When the data is not of the type.
    pub fn read(name: &str, version: Option<&str>, data: serde_json::Value) -> Option<serde_json::Result<Self>> {
        Some(match (name, version) {
            ("account_created", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AccountCreated),
            ("account_status_changed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AccountStatusChanged),
            ("api_key_created", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::ApiKeyCreated),
            ("api_key_revoked", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::ApiKeyRevoked),
            ("award_achieved", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AwardAchieved),
            ("command_executed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CommandExecuted),
            ("command_failed_validation", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CommandFailedValidation),
            ("credit_added", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CreditAdded),
            ("credit_spent", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CreditSpent),
            ("exp_gained", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::ExpGained),
            ("generation_completed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GenerationCompleted),
            ("generation_failed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GenerationFailed),
            ("generation_requested", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GenerationRequested),
            ("menu_item_clicked", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::MenuItemClicked),
            ("platform_identity_linked", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::PlatformIdentityLinked),
            ("platform_identity_unlinked", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::PlatformIdentityUnlinked),
            ("preference_changed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::PreferenceChanged),
            ("preference_reset", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::PreferenceReset),
            ("profile_updated", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::ProfileUpdated),
            ("session_ended", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SessionEnded),
            ("session_started", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SessionStarted),
            ("ui_element_interacted", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UiElementInteracted),
            ("user_facing_error_displayed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UserFacingErrorDisplayed),
            ("user_login_failed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UserLoginFailed),
            ("user_login_success", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UserLoginSuccess),
            ("user_logout", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UserLogout),
            ("wallet_linked", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WalletLinked),
            ("wallet_unlinked", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WalletUnlinked),
            ("wallet_verified", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WalletVerified),
            _ => return None,
        })
    }
}

/// The types of events.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum EventType {
    /// `account_created`.
    #[serde(rename = "account_created")]
    AccountCreated,
    /// `account_status_changed`.
    #[serde(rename = "account_status_changed")]
    AccountStatusChanged,
    /// `api_key_created`.
    #[serde(rename = "api_key_created")]
    ApiKeyCreated,
    /// `api_key_revoked`.
    #[serde(rename = "api_key_revoked")]
    ApiKeyRevoked,
    /// `award_achieved`.
    #[serde(rename = "award_achieved")]
    AwardAchieved,
    /// `command_executed`.
    #[serde(rename = "command_executed")]
    CommandExecuted,
    /// `command_failed_validation`.
    #[serde(rename = "command_failed_validation")]
    CommandFailedValidation,
    /// `credit_added`.
    #[serde(rename = "credit_added")]
    CreditAdded,
    /// `credit_spent`.
    #[serde(rename = "credit_spent")]
    CreditSpent,
    /// `exp_gained`.
    #[serde(rename = "exp_gained")]
    ExpGained,
    /// `generation_completed`.
    #[serde(rename = "generation_completed")]
    GenerationCompleted,
    /// `generation_failed`.
    #[serde(rename = "generation_failed")]
    GenerationFailed,
    /// `generation_requested`.
    #[serde(rename = "generation_requested")]
    GenerationRequested,
    /// `menu_item_clicked`.
    #[serde(rename = "menu_item_clicked")]
    MenuItemClicked,
    /// `platform_identity_linked`.
    #[serde(rename = "platform_identity_linked")]
    PlatformIdentityLinked,
    /// `platform_identity_unlinked`.
    #[serde(rename = "platform_identity_unlinked")]
    PlatformIdentityUnlinked,
    /// `preference_changed`.
    #[serde(rename = "preference_changed")]
    PreferenceChanged,
    /// `preference_reset`.
    #[serde(rename = "preference_reset")]
    PreferenceReset,
    /// `profile_updated`.
    #[serde(rename = "profile_updated")]
    ProfileUpdated,
    /// `session_ended`.
    #[serde(rename = "session_ended")]
    SessionEnded,
    /// `session_started`.
    #[serde(rename = "session_started")]
    SessionStarted,
    /// `ui_element_interacted`.
    #[serde(rename = "ui_element_interacted")]
    UiElementInteracted,
    /// `user_facing_error_displayed`.
    #[serde(rename = "user_facing_error_displayed")]
    UserFacingErrorDisplayed,
    /// `user_login_failed`.
    #[serde(rename = "user_login_failed")]
    UserLoginFailed,
    /// `user_login_success`.
    #[serde(rename = "user_login_success")]
    UserLoginSuccess,
    /// `user_logout`.
    #[serde(rename = "user_logout")]
    UserLogout,
    /// `wallet_linked`.
    #[serde(rename = "wallet_linked")]
    WalletLinked,
    /// `wallet_unlinked`.
    #[serde(rename = "wallet_unlinked")]
    WalletUnlinked,
    /// `wallet_verified`.
    #[serde(rename = "wallet_verified")]
    WalletVerified,
}

/// An event as the app writes it. `Data::read` reads its data.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Event {
    /// The event's id. A MongoDB ObjectId, 24 hexadecimal digits.
    #[serde(rename = "eventId")]
    pub event_id: String,
    /// The event type.
    #[serde(rename = "eventType")]
    pub event_type: EventType,
    /// When it happened. Date and time of RFC 3339.
    pub timestamp: String,
    /// The person. A MongoDB ObjectId, 24 hexadecimal digits.
    #[serde(rename = "masterAccountId", default, skip_serializing_if = "Option::is_none")]
    pub master_account_id: Option<String>,
    /// The session. A MongoDB ObjectId, 24 hexadecimal digits.
    #[serde(rename = "sessionId", default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The platform the person used.
    #[serde(rename = "sourcePlatform")]
    pub source_platform: String,
    /// What the event type's schema describes.
    #[serde(rename = "eventData", default, skip_serializing_if = "Option::is_none")]
    pub event_data: Option<serde_json::Value>,
}

/// Where something happened, for instance `telegram`, `discord`, `web` or `api`.
pub type Platform = String;

/// What came with a command. Its form is the command's own - named values, a list, or the text as
/// typed.
pub type CommandArgs = serde_json::Value;

/// Standing of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum AccountStatus {
    /// `active`.
    #[serde(rename = "active")]
    Active,
    /// `suspended`.
    #[serde(rename = "suspended")]
    Suspended,
    /// `deactivated_by_user`.
    #[serde(rename = "deactivated_by_user")]
    DeactivatedByUser,
    /// `deactivated_by_admin`.
    #[serde(rename = "deactivated_by_admin")]
    DeactivatedByAdmin,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum SessionEndReason {
    /// `user_logout`.
    #[serde(rename = "user_logout")]
    UserLogout,
    /// `project_close`.
    #[serde(rename = "project_close")]
    ProjectClose,
    /// `session_timeout_inactive`.
    #[serde(rename = "session_timeout_inactive")]
    SessionTimeoutInactive,
    /// `session_error_limit_exceeded`.
    #[serde(rename = "session_error_limit_exceeded")]
    SessionErrorLimitExceeded,
    /// `user_command_quit`.
    #[serde(rename = "user_command_quit")]
    UserCommandQuit,
    /// `system_shutdown`.
    #[serde(rename = "system_shutdown")]
    SystemShutdown,
}

/// Records that an entry in the ledger belongs to. No other fields.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RelatedItems {
    /// The event that led to the entry. Of the format object-id.
    #[serde(rename = "eventId", default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// The generation that is paid for or refunded. Of the format object-id.
    #[serde(rename = "generationId", default, skip_serializing_if = "Option::is_none")]
    pub generation_id: Option<String>,
    /// The command that led to the entry.
    #[serde(rename = "commandName", default, skip_serializing_if = "Option::is_none")]
    pub command_name: Option<String>,
    /// The subscription that the entry belongs to.
    #[serde(rename = "subscriptionId", default, skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<String>,
}

/// Data of `account_created` 1.0.0. A person has an account from now on.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AccountCreatedData {
    /// `platform`.
    pub platform: Platform,
    /// The person's id on each platform they are known on, by the platform's name. Personal
    /// (identifier).
    #[serde(rename = "platformIdentities")]
    pub platform_identities: std::collections::BTreeMap<String, String>,
    /// `status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<AccountStatus>,
}

/// Data of `account_status_changed` 1.0.0. An account was suspended, closed, or opened again.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AccountStatusChangedData {
    /// `previousStatus`.
    #[serde(rename = "previousStatus")]
    pub previous_status: AccountStatus,
    /// `newStatus`.
    #[serde(rename = "newStatus")]
    pub new_status: AccountStatus,
    /// Why, in words. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Data of `api_key_created` 1.0.0. An account has one more key for the API. The key itself is
/// never part of an event.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ApiKeyCreatedData {
    /// Hash of the key, by which it is recognised. Personal (identifier).
    #[serde(rename = "keyHash")]
    pub key_hash: String,
    /// What the person calls the key. Personal (free-text).
    pub label: String,
    /// What the key may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// When it was made. Of the format date-time.
    #[serde(rename = "createdAt", default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
}

/// Data of `api_key_revoked` 1.0.0. A key for the API no longer works.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ApiKeyRevokedData {
    /// Hash of the key, by which it is recognised. Personal (identifier).
    #[serde(rename = "keyHash")]
    pub key_hash: String,
    /// What the person calls the key. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Why, for instance `user_initiated`, `admin_initiated` or `leaked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Data of `award_achieved` 1.0.0. A person earned an award.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AwardAchievedData {
    /// The award, for instance `century_creator`.
    #[serde(rename = "awardId")]
    pub award_id: String,
    /// What people call the award.
    #[serde(rename = "displayName", default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What it is given for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was earned, if that is not the time of the event. Of the format date-time.
    #[serde(rename = "achievedAt", default, skip_serializing_if = "Option::is_none")]
    pub achieved_at: Option<String>,
}

/// Data of `command_executed` 1.0.0. A person gave a command. It was taken on, or refused, for
/// instance for want of permission.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CommandExecutedData {
    /// The command as it is called, for instance `/make` or `/view_balance`.
    #[serde(rename = "commandName")]
    pub command_name: String,
    /// `args`. Personal (free-text).
    pub args: CommandArgs,
    /// True if the command was accepted and begun, false if it was refused.
    pub success: bool,
    /// Milliseconds until the work was done, or until it was queued if it goes on in the
    /// background. A whole number of 64 bits, or the same as text, at least 0.
    #[serde(rename = "executionTimeMs")]
    pub execution_time_ms: NumberOrText,
    /// How it was given, for instance `chat_input`, `menu_click` or `api_call`.
    pub source: String,
}

/// Data of `command_failed_validation` 1.0.0. A command was not run because its input is wrong,
/// with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CommandFailedValidationData {
    /// The command as it is called.
    #[serde(rename = "commandName")]
    pub command_name: String,
    /// `args`. Personal (free-text).
    pub args: CommandArgs,
    /// One entry for each thing that is wrong.
    #[serde(rename = "validationErrors")]
    pub validation_errors: Vec<CommandFailedValidationDataValidationErrorsItem>,
}

/// `CommandFailedValidationDataValidationErrorsItem`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CommandFailedValidationDataValidationErrorsItem {
    /// The argument it is about; left out if it is about the command as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong with it.
    pub message: String,
}

/// Data of `credit_added` 1.0.0. An account has more credit, by a payment, a bonus or a refund.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CreditAddedData {
    /// The entry in the ledger. Of the format object-id.
    #[serde(rename = "transactionId", default, skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    /// What kind of entry it is, for instance `credit`, `bonus` or `refund`.
    pub r#type: String,
    /// The entry in words, as its owner reads it. Personal (free-text).
    pub description: String,
    /// What was added, in US dollars; more than nothing. A number, or the same as text, of up to 28
    /// digits, more than 0.
    #[serde(rename = "amountUsd")]
    pub amount_usd: NumberOrText,
    /// The credit before this entry, in US dollars. A number, or the same as text, of up to 28
    /// digits.
    #[serde(rename = "balanceBeforeUsd")]
    pub balance_before_usd: NumberOrText,
    /// The credit after this entry, in US dollars. A number, or the same as text, of up to 28
    /// digits.
    #[serde(rename = "balanceAfterUsd")]
    pub balance_after_usd: NumberOrText,
    /// `relatedItems`.
    #[serde(rename = "relatedItems", default, skip_serializing_if = "Option::is_none")]
    pub related_items: Option<RelatedItems>,
    /// What a payment processor calls it. Personal (identifier).
    #[serde(rename = "externalTransactionId", default, skip_serializing_if = "Option::is_none")]
    pub external_transaction_id: Option<String>,
    /// Whatever else belongs to the entry. Personal (personal).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Data of `credit_spent` 1.0.0. An account has less credit, because something was paid for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CreditSpentData {
    /// The entry in the ledger. Of the format object-id.
    #[serde(rename = "transactionId", default, skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    /// What kind of entry it is, for instance `debit`, `generation_cost` or `subscription_payment`.
    pub r#type: String,
    /// The entry in words, as its owner reads it. Personal (free-text).
    pub description: String,
    /// What was spent, in US dollars; less than nothing. A number, or the same as text, of up to 28
    /// digits, less than 0.
    #[serde(rename = "amountUsd")]
    pub amount_usd: NumberOrText,
    /// The credit before this entry, in US dollars. A number, or the same as text, of up to 28
    /// digits.
    #[serde(rename = "balanceBeforeUsd")]
    pub balance_before_usd: NumberOrText,
    /// The credit after this entry, in US dollars. A number, or the same as text, of up to 28
    /// digits.
    #[serde(rename = "balanceAfterUsd")]
    pub balance_after_usd: NumberOrText,
    /// `relatedItems`.
    #[serde(rename = "relatedItems", default, skip_serializing_if = "Option::is_none")]
    pub related_items: Option<RelatedItems>,
    /// What a payment processor calls it. Personal (identifier).
    #[serde(rename = "externalTransactionId", default, skip_serializing_if = "Option::is_none")]
    pub external_transaction_id: Option<String>,
    /// Whatever else belongs to the entry. Personal (personal).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Data of `exp_gained` 1.0.0. A person earned experience points.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ExpGainedData {
    /// Points earned by this. A whole number of 64 bits, or the same as text, at least 1.
    pub amount: NumberOrText,
    /// Points before. A whole number of 64 bits, or the same as text, at least 0.
    #[serde(rename = "expBefore")]
    pub exp_before: NumberOrText,
    /// Points after. A whole number of 64 bits, or the same as text, at least 0.
    #[serde(rename = "expAfter")]
    pub exp_after: NumberOrText,
    /// What they were earned with, for instance `generation_completed` or `award_achieved`.
    pub reason: String,
    /// `relatedItems`.
    #[serde(rename = "relatedItems", default, skip_serializing_if = "Option::is_none")]
    pub related_items: Option<RelatedItems>,
}

/// Data of `generation_completed` 1.0.0. A generation ended well and its main result is there.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GenerationCompletedData {
    /// The generation's record. Of the format object-id.
    #[serde(rename = "generationId")]
    pub generation_id: String,
    /// The service that did it.
    #[serde(rename = "serviceName")]
    pub service_name: String,
    /// How long it took, in milliseconds. A whole number of 64 bits, or the same as text, at least
    /// 0.
    #[serde(rename = "durationMs")]
    pub duration_ms: NumberOrText,
    /// What it cost, in US dollars. A number, or the same as text, of up to 28 digits.
    #[serde(rename = "costUsd")]
    pub cost_usd: NumberOrText,
    /// Always `success`; how it ended is part of the record in every case.
    pub status: GenerationCompletedDataStatus,
    /// How many pieces came out, for instance pictures. A whole number, at least 0.
    #[serde(rename = "artifactCount")]
    pub artifact_count: i64,
}

/// `GenerationCompletedDataStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum GenerationCompletedDataStatus {
    /// `success`.
    #[serde(rename = "success")]
    Success,
}

/// Data of `generation_failed` 1.0.0. A generation ended without a result, because it failed, took
/// too long or was called off.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GenerationFailedData {
    /// The generation's record, if it came to one. Of the format object-id.
    #[serde(rename = "generationId", default, skip_serializing_if = "Option::is_none")]
    pub generation_id: Option<String>,
    /// The service that was asked.
    #[serde(rename = "serviceName")]
    pub service_name: String,
    /// How long it ran until it failed, in milliseconds. A whole number of 64 bits, or the same as
    /// text, at least 0.
    #[serde(rename = "durationMs", default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<NumberOrText>,
    /// What it cost all the same, in US dollars. A number, or the same as text, of up to 28 digits.
    #[serde(rename = "costUsd", default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<NumberOrText>,
    /// How it ended.
    pub status: GenerationFailedDataStatus,
    /// Where it went wrong, for instance `service_api`, `internal_queue` or `content_moderation`.
    #[serde(rename = "errorSource")]
    pub error_source: String,
    /// The code of the error, the service's or Noema's own.
    #[serde(rename = "errorCode", default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// The error in words. Personal (free-text).
    #[serde(rename = "errorMessage", default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

/// `GenerationFailedDataStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum GenerationFailedDataStatus {
    /// `failed`.
    #[serde(rename = "failed")]
    Failed,
    /// `cancelled_by_user`.
    #[serde(rename = "cancelled_by_user")]
    CancelledByUser,
    /// `timeout`.
    #[serde(rename = "timeout")]
    Timeout,
}

/// Data of `generation_requested` 1.0.0. A person asked a service to generate something.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GenerationRequestedData {
    /// The service that is asked, for instance `comfyui-deploy` or `dalle3-service`.
    #[serde(rename = "serviceName")]
    pub service_name: String,
    /// The parameters that matter, as the service takes them. Personal (free-text).
    #[serde(rename = "requestParameters")]
    pub request_parameters: serde_json::Map<String, serde_json::Value>,
    /// What it will probably cost, in US dollars, if that can be said beforehand. A number, or the
    /// same as text, of up to 28 digits.
    #[serde(rename = "estimatedCostUsd", default, skip_serializing_if = "Option::is_none")]
    pub estimated_cost_usd: Option<NumberOrText>,
}

/// Data of `menu_item_clicked` 1.0.0. A person chose an item of a menu.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct MenuItemClickedData {
    /// The menu, for instance `main_menu`.
    #[serde(rename = "menuName")]
    pub menu_name: String,
    /// The item, unique within its menu.
    #[serde(rename = "itemId")]
    pub item_id: String,
    /// What the item says to the person, in their language.
    #[serde(rename = "itemLabel")]
    pub item_label: String,
    /// What it does, for instance `navigate`, `execute_command` or `apply_setting`.
    #[serde(rename = "actionType")]
    pub action_type: String,
}

/// Data of `platform_identity_linked` 1.0.0. An account is known on one more platform.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PlatformIdentityLinkedData {
    /// `platform`.
    pub platform: Platform,
    /// The person's id on that platform. Personal (identifier).
    #[serde(rename = "platformUserId")]
    pub platform_user_id: String,
}

/// Data of `platform_identity_unlinked` 1.0.0. An account is no longer known on a platform.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PlatformIdentityUnlinkedData {
    /// `platform`.
    pub platform: Platform,
    /// The person's id on that platform. Personal (identifier).
    #[serde(rename = "platformUserId")]
    pub platform_user_id: String,
}

/// Data of `preference_changed` 1.0.0. A person changed one of their settings.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PreferenceChangedData {
    /// The group that the setting belongs to - the id of a workflow or tool, or `globalSettings`.
    #[serde(rename = "preferenceKey")]
    pub preference_key: String,
    /// The setting within its group.
    #[serde(rename = "settingName")]
    pub setting_name: String,
    /// What it was, if it had been set. Personal (personal).
    #[serde(rename = "previousValue", default, skip_serializing_if = "Option::is_none")]
    pub previous_value: Option<serde_json::Value>,
    /// What it is now. Personal (personal).
    #[serde(rename = "newValue")]
    pub new_value: serde_json::Value,
}

/// Data of `preference_reset` 1.0.0. A person went back to what Noema sets by itself, for one
/// setting or for a whole group.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PreferenceResetData {
    /// The group that the setting belongs to - the id of a workflow or tool, or `globalSettings`.
    #[serde(rename = "preferenceKey")]
    pub preference_key: String,
    /// The setting within its group; left out if the whole group was reset.
    #[serde(rename = "settingName", default, skip_serializing_if = "Option::is_none")]
    pub setting_name: Option<String>,
}

/// Data of `profile_updated` 1.0.0. A person changed what their profile says of them.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ProfileUpdatedData {
    /// The fields that were changed. At least 1 items, no item twice.
    #[serde(rename = "changedFields")]
    pub changed_fields: Vec<ProfileUpdatedDataChangedFieldsItem>,
    /// The new name that others see; null if it was taken away. Personal (identifier).
    #[serde(rename = "displayName", default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Where the new picture is; null if it was taken away. Personal (personal).
    #[serde(rename = "avatarUrl", default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// What the person now says about themselves; null if it was taken away. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
}

/// `ProfileUpdatedDataChangedFieldsItem`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ProfileUpdatedDataChangedFieldsItem {
    /// `displayName`.
    #[serde(rename = "displayName")]
    DisplayName,
    /// `avatarUrl`.
    #[serde(rename = "avatarUrl")]
    AvatarUrl,
    /// `bio`.
    #[serde(rename = "bio")]
    Bio,
}

/// Data of `session_ended` 1.0.0. A session record was closed, whoever or whatever closed it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SessionEndedData {
    /// `endReason`.
    #[serde(rename = "endReason")]
    pub end_reason: SessionEndReason,
    /// How long the session lasted, in milliseconds. A whole number of 64 bits, or the same as
    /// text, at least 0.
    #[serde(rename = "durationMs")]
    pub duration_ms: NumberOrText,
}

/// Data of `session_started` 1.0.0. A session record was created, most often right after a login.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SessionStartedData {
    /// `platform`.
    pub platform: Platform,
    /// What opened the session, for instance `login`, `api_key_usage` or `new_connection`.
    #[serde(rename = "startMethod")]
    pub start_method: String,
}

/// Data of `ui_element_interacted` 1.0.0. A person used a part of the interface that is not a menu,
/// such as a button, a slider or an input.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UiElementInteractedData {
    /// The element, unique in the interface.
    #[serde(rename = "elementId")]
    pub element_id: String,
    /// What it is, for instance `button`, `slider` or `text_input`.
    #[serde(rename = "elementType")]
    pub element_type: String,
    /// What was done with it, for instance `click`, `change` or `blur`.
    #[serde(rename = "interactionType")]
    pub interaction_type: String,
    /// Its value afterwards - a text, a number, true or false, or something composed. Personal
    /// (free-text).
    #[serde(rename = "currentValue", default, skip_serializing_if = "Option::is_none")]
    pub current_value: Option<serde_json::Value>,
    /// The part of the interface it belongs to, for instance `image_editor_panel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// Data of `user_facing_error_displayed` 1.0.0. A person was shown an error. Nothing need have
/// crashed.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UserFacingErrorDisplayedData {
    /// The kind of error, for instance `validation_error`, `api_error` or `payment_failed`.
    #[serde(rename = "errorType")]
    pub error_type: String,
    /// A closer code, Noema's own or a service's.
    #[serde(rename = "errorCode", default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// What the person read. Personal (free-text).
    #[serde(rename = "errorMessage")]
    pub error_message: String,
    /// How bad it looked, for instance `info`, `warning` or `error`.
    pub severity: String,
    /// The part of Noema that showed it, for instance `PaymentService`.
    pub component: String,
    /// Whatever else helps to understand it. Personal (personal).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Data of `user_login_failed` 1.0.0. Somebody tried to sign in and was turned away.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UserLoginFailedData {
    /// What the attempt gave as its identity, for instance a user name or a Telegram user id.
    /// Personal (identifier).
    #[serde(rename = "loginAttemptIdentifier")]
    pub login_attempt_identifier: String,
    /// Why it was refused, for instance `invalid_credentials`, `account_locked` or
    /// `invalid_api_key`.
    #[serde(rename = "failureReason")]
    pub failure_reason: String,
    /// `platform`.
    pub platform: Platform,
}

/// Data of `user_login_success` 1.0.0. Somebody proved who they are, and a session begins.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UserLoginSuccessData {
    /// How they proved it, for instance `password`, `telegram_auth`, `wallet_signature` or
    /// `api_key`.
    #[serde(rename = "loginMethod")]
    pub login_method: String,
    /// `platform`.
    pub platform: Platform,
    /// Address the login came from, IPv4 or IPv6. Personal (identifier).
    #[serde(rename = "ipAddress", default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// What the client says it is. Personal (personal).
    #[serde(rename = "userAgent", default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// Data of `user_logout` 1.0.0. A session was closed on purpose, by the person or by an
/// administrator.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct UserLogoutData {
    /// Who wanted it, for instance `user_initiated` or `admin_initiated`.
    #[serde(rename = "logoutReason")]
    pub logout_reason: String,
}

/// Data of `wallet_linked` 1.0.0. A person added an Ethereum wallet to their account.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WalletLinkedData {
    /// Address of the wallet, with its checksum in upper and lower case. Personal (identifier).
    pub address: String,
    /// Whether it is the wallet that is used unless another is named.
    #[serde(rename = "isPrimary", default, skip_serializing_if = "Option::is_none")]
    pub is_primary: Option<bool>,
    /// Whether the person has shown that the wallet is theirs.
    pub verified: bool,
    /// When it was added. Of the format date-time.
    #[serde(rename = "addedAt", default, skip_serializing_if = "Option::is_none")]
    pub added_at: Option<String>,
}

/// Data of `wallet_unlinked` 1.0.0. A wallet was taken off an account.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WalletUnlinkedData {
    /// Address of the wallet, with its checksum in upper and lower case. Personal (identifier).
    pub address: String,
}

/// Data of `wallet_verified` 1.0.0. A person has shown that a wallet of their account is theirs.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WalletVerifiedData {
    /// Address of the wallet, with its checksum in upper and lower case. Personal (identifier).
    pub address: String,
}

/// A number, or the same written as text.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum NumberOrText {
    /// A whole number of 64 bits.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A number as text.
    Text(String),
}
