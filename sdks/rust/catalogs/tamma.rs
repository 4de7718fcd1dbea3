// Events of Tamma, catalog tamma 1.1.0.
// Written by `daybook emit rust --app tamma`; changes belong in the catalog.
//
// Needs serde with its derive, and serde_json. What types cannot say (bounds, patterns, formats)
// stands in the comments; Daybook checks it. What may be of several types is a serde_json::Value.
// Fields that are not declared are skipped when they are read, but where a type keeps them in
// `further_fields`.

/// The data of an event, by its type and version.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Data {
    /// Of `AI.ERROR.OCCURRED` 1.0.0.
    AiErrorOccurred(AiErrorOccurredData),
    /// Of `AI.PROVIDER.SELECTED` 1.0.0.
    AiProviderSelected(AiProviderSelectedData),
    /// Of `AI.REQUEST.STARTED` 1.0.0.
    AiRequestStartedV100(AiRequestStartedV100Data),
    /// Of `AI.REQUEST.STARTED` 1.1.0.
    AiRequestStarted(AiRequestStartedData),
    /// Of `AI.RESPONSE.RECEIVED` 1.0.0.
    AiResponseReceivedV100(AiResponseReceivedV100Data),
    /// Of `AI.RESPONSE.RECEIVED` 1.1.0.
    AiResponseReceived(AiResponseReceivedData),
    /// Of `APPROVAL.PROVIDED` 1.0.0.
    ApprovalProvidedV100(ApprovalProvidedV100Data),
    /// Of `APPROVAL.PROVIDED` 1.1.0.
    ApprovalProvided(ApprovalProvidedData),
    /// Of `APPROVAL.REJECTED` 1.0.0.
    ApprovalRejectedV100(ApprovalRejectedV100Data),
    /// Of `APPROVAL.REJECTED` 1.1.0.
    ApprovalRejected(ApprovalRejectedData),
    /// Of `APPROVAL.REQUESTED` 1.0.0.
    ApprovalRequested(ApprovalRequestedData),
    /// Of `CODE.COMMIT.CREATED` 1.0.0.
    CodeCommitCreatedV100(CodeCommitCreatedV100Data),
    /// Of `CODE.COMMIT.CREATED` 1.1.0.
    CodeCommitCreated(CodeCommitCreatedData),
    /// Of `CODE.FILE.CREATED` 1.0.0.
    CodeFileCreatedV100(CodeFileCreatedV100Data),
    /// Of `CODE.FILE.CREATED` 1.1.0.
    CodeFileCreated(CodeFileCreatedData),
    /// Of `CODE.FILE.DELETED` 1.0.0.
    CodeFileDeletedV100(CodeFileDeletedV100Data),
    /// Of `CODE.FILE.DELETED` 1.1.0.
    CodeFileDeleted(CodeFileDeletedData),
    /// Of `CODE.FILE.UPDATED` 1.0.0.
    CodeFileUpdatedV100(CodeFileUpdatedV100Data),
    /// Of `CODE.FILE.UPDATED` 1.1.0.
    CodeFileUpdated(CodeFileUpdatedData),
    /// Of `CONFIG.CHANGED` 1.0.0.
    ConfigChanged(ConfigChangedData),
    /// Of `CONFIG.PLATFORM.ADDED` 1.0.0.
    ConfigPlatformAdded(ConfigPlatformAddedData),
    /// Of `CONFIG.PROVIDER.ADDED` 1.0.0.
    ConfigProviderAdded(ConfigProviderAddedData),
    /// Of `GIT.BRANCH.CREATED` 1.0.0.
    GitBranchCreated(GitBranchCreatedData),
    /// Of `GIT.PULL_REQUEST.CREATED` 1.0.0.
    GitPullRequestCreatedV100(GitPullRequestCreatedV100Data),
    /// Of `GIT.PULL_REQUEST.CREATED` 1.1.0.
    GitPullRequestCreated(GitPullRequestCreatedData),
    /// Of `GIT.PULL_REQUEST.MERGED` 1.0.0.
    GitPullRequestMergedV100(GitPullRequestMergedV100Data),
    /// Of `GIT.PULL_REQUEST.MERGED` 1.1.0.
    GitPullRequestMerged(GitPullRequestMergedData),
    /// Of `GIT.PULL_REQUEST.UPDATED` 1.0.0.
    GitPullRequestUpdated(GitPullRequestUpdatedData),
    /// Of `ISSUE.ANALYSIS.COMPLETED` 1.0.0.
    IssueAnalysisCompletedV100(IssueAnalysisCompletedV100Data),
    /// Of `ISSUE.ANALYSIS.COMPLETED` 1.1.0.
    IssueAnalysisCompleted(IssueAnalysisCompletedData),
    /// Of `ISSUE.ASSIGNED.SUCCESS` 1.0.0.
    IssueAssignedSuccess(IssueAssignedSuccessData),
    /// Of `ISSUE.SELECTED.SUCCESS` 1.0.0.
    IssueSelectedSuccess(IssueSelectedSuccessData),
    /// Of `SYSTEM.ERROR.OCCURRED` 1.0.0.
    SystemErrorOccurred(SystemErrorOccurredData),
    /// Of `SYSTEM.ESCALATION.RESOLVED` 1.0.0.
    SystemEscalationResolvedV100(SystemEscalationResolvedV100Data),
    /// Of `SYSTEM.ESCALATION.RESOLVED` 1.1.0.
    SystemEscalationResolved(SystemEscalationResolvedData),
    /// Of `SYSTEM.ESCALATION.TRIGGERED` 1.0.0.
    SystemEscalationTriggered(SystemEscalationTriggeredData),
    /// Of `SYSTEM.RETRY.EXHAUSTED` 1.0.0.
    SystemRetryExhausted(SystemRetryExhaustedData),
}

impl Data {
    /// The event type and its version.
    pub const fn of(&self) -> (&'static str, &'static str) {
        match self {
            Self::AiErrorOccurred(_) => ("AI.ERROR.OCCURRED", "1.0.0"),
            Self::AiProviderSelected(_) => ("AI.PROVIDER.SELECTED", "1.0.0"),
            Self::AiRequestStartedV100(_) => ("AI.REQUEST.STARTED", "1.0.0"),
            Self::AiRequestStarted(_) => ("AI.REQUEST.STARTED", "1.1.0"),
            Self::AiResponseReceivedV100(_) => ("AI.RESPONSE.RECEIVED", "1.0.0"),
            Self::AiResponseReceived(_) => ("AI.RESPONSE.RECEIVED", "1.1.0"),
            Self::ApprovalProvidedV100(_) => ("APPROVAL.PROVIDED", "1.0.0"),
            Self::ApprovalProvided(_) => ("APPROVAL.PROVIDED", "1.1.0"),
            Self::ApprovalRejectedV100(_) => ("APPROVAL.REJECTED", "1.0.0"),
            Self::ApprovalRejected(_) => ("APPROVAL.REJECTED", "1.1.0"),
            Self::ApprovalRequested(_) => ("APPROVAL.REQUESTED", "1.0.0"),
            Self::CodeCommitCreatedV100(_) => ("CODE.COMMIT.CREATED", "1.0.0"),
            Self::CodeCommitCreated(_) => ("CODE.COMMIT.CREATED", "1.1.0"),
            Self::CodeFileCreatedV100(_) => ("CODE.FILE.CREATED", "1.0.0"),
            Self::CodeFileCreated(_) => ("CODE.FILE.CREATED", "1.1.0"),
            Self::CodeFileDeletedV100(_) => ("CODE.FILE.DELETED", "1.0.0"),
            Self::CodeFileDeleted(_) => ("CODE.FILE.DELETED", "1.1.0"),
            Self::CodeFileUpdatedV100(_) => ("CODE.FILE.UPDATED", "1.0.0"),
            Self::CodeFileUpdated(_) => ("CODE.FILE.UPDATED", "1.1.0"),
            Self::ConfigChanged(_) => ("CONFIG.CHANGED", "1.0.0"),
            Self::ConfigPlatformAdded(_) => ("CONFIG.PLATFORM.ADDED", "1.0.0"),
            Self::ConfigProviderAdded(_) => ("CONFIG.PROVIDER.ADDED", "1.0.0"),
            Self::GitBranchCreated(_) => ("GIT.BRANCH.CREATED", "1.0.0"),
            Self::GitPullRequestCreatedV100(_) => ("GIT.PULL_REQUEST.CREATED", "1.0.0"),
            Self::GitPullRequestCreated(_) => ("GIT.PULL_REQUEST.CREATED", "1.1.0"),
            Self::GitPullRequestMergedV100(_) => ("GIT.PULL_REQUEST.MERGED", "1.0.0"),
            Self::GitPullRequestMerged(_) => ("GIT.PULL_REQUEST.MERGED", "1.1.0"),
            Self::GitPullRequestUpdated(_) => ("GIT.PULL_REQUEST.UPDATED", "1.0.0"),
            Self::IssueAnalysisCompletedV100(_) => ("ISSUE.ANALYSIS.COMPLETED", "1.0.0"),
            Self::IssueAnalysisCompleted(_) => ("ISSUE.ANALYSIS.COMPLETED", "1.1.0"),
            Self::IssueAssignedSuccess(_) => ("ISSUE.ASSIGNED.SUCCESS", "1.0.0"),
            Self::IssueSelectedSuccess(_) => ("ISSUE.SELECTED.SUCCESS", "1.0.0"),
            Self::SystemErrorOccurred(_) => ("SYSTEM.ERROR.OCCURRED", "1.0.0"),
            Self::SystemEscalationResolvedV100(_) => ("SYSTEM.ESCALATION.RESOLVED", "1.0.0"),
            Self::SystemEscalationResolved(_) => ("SYSTEM.ESCALATION.RESOLVED", "1.1.0"),
            Self::SystemEscalationTriggered(_) => ("SYSTEM.ESCALATION.TRIGGERED", "1.0.0"),
            Self::SystemRetryExhausted(_) => ("SYSTEM.RETRY.EXHAUSTED", "1.0.0"),
        }
    }

    /// Reads the data of an event; without a version that of the current one. `None` for types and versions that the
    /// catalog does not declare.
    ///
    /// # Errors
    /// When the data is not of the type.
    pub fn read(name: &str, version: Option<&str>, data: serde_json::Value) -> Option<serde_json::Result<Self>> {
        Some(match (name, version) {
            ("AI.ERROR.OCCURRED", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AiErrorOccurred),
            ("AI.PROVIDER.SELECTED", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AiProviderSelected),
            ("AI.REQUEST.STARTED", Some("1.0.0")) => serde_json::from_value(data).map(Self::AiRequestStartedV100),
            ("AI.REQUEST.STARTED", None | Some("1.1.0")) => serde_json::from_value(data).map(Self::AiRequestStarted),
            ("AI.RESPONSE.RECEIVED", Some("1.0.0")) => serde_json::from_value(data).map(Self::AiResponseReceivedV100),
            ("AI.RESPONSE.RECEIVED", None | Some("1.1.0")) => serde_json::from_value(data).map(Self::AiResponseReceived),
            ("APPROVAL.PROVIDED", Some("1.0.0")) => serde_json::from_value(data).map(Self::ApprovalProvidedV100),
            ("APPROVAL.PROVIDED", None | Some("1.1.0")) => serde_json::from_value(data).map(Self::ApprovalProvided),
            ("APPROVAL.REJECTED", Some("1.0.0")) => serde_json::from_value(data).map(Self::ApprovalRejectedV100),
            ("APPROVAL.REJECTED", None | Some("1.1.0")) => serde_json::from_value(data).map(Self::ApprovalRejected),
            ("APPROVAL.REQUESTED", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::ApprovalRequested),
            ("CODE.COMMIT.CREATED", Some("1.0.0")) => serde_json::from_value(data).map(Self::CodeCommitCreatedV100),
            ("CODE.COMMIT.CREATED", None | Some("1.1.0")) => serde_json::from_value(data).map(Self::CodeCommitCreated),
            ("CODE.FILE.CREATED", Some("1.0.0")) => serde_json::from_value(data).map(Self::CodeFileCreatedV100),
            ("CODE.FILE.CREATED", None | Some("1.1.0")) => serde_json::from_value(data).map(Self::CodeFileCreated),
            ("CODE.FILE.DELETED", Some("1.0.0")) => serde_json::from_value(data).map(Self::CodeFileDeletedV100),
            ("CODE.FILE.DELETED", None | Some("1.1.0")) => serde_json::from_value(data).map(Self::CodeFileDeleted),
            ("CODE.FILE.UPDATED", Some("1.0.0")) => serde_json::from_value(data).map(Self::CodeFileUpdatedV100),
            ("CODE.FILE.UPDATED", None | Some("1.1.0")) => serde_json::from_value(data).map(Self::CodeFileUpdated),
            ("CONFIG.CHANGED", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::ConfigChanged),
            ("CONFIG.PLATFORM.ADDED", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::ConfigPlatformAdded),
            ("CONFIG.PROVIDER.ADDED", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::ConfigProviderAdded),
            ("GIT.BRANCH.CREATED", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GitBranchCreated),
            ("GIT.PULL_REQUEST.CREATED", Some("1.0.0")) => serde_json::from_value(data).map(Self::GitPullRequestCreatedV100),
            ("GIT.PULL_REQUEST.CREATED", None | Some("1.1.0")) => serde_json::from_value(data).map(Self::GitPullRequestCreated),
            ("GIT.PULL_REQUEST.MERGED", Some("1.0.0")) => serde_json::from_value(data).map(Self::GitPullRequestMergedV100),
            ("GIT.PULL_REQUEST.MERGED", None | Some("1.1.0")) => serde_json::from_value(data).map(Self::GitPullRequestMerged),
            ("GIT.PULL_REQUEST.UPDATED", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GitPullRequestUpdated),
            ("ISSUE.ANALYSIS.COMPLETED", Some("1.0.0")) => serde_json::from_value(data).map(Self::IssueAnalysisCompletedV100),
            ("ISSUE.ANALYSIS.COMPLETED", None | Some("1.1.0")) => serde_json::from_value(data).map(Self::IssueAnalysisCompleted),
            ("ISSUE.ASSIGNED.SUCCESS", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::IssueAssignedSuccess),
            ("ISSUE.SELECTED.SUCCESS", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::IssueSelectedSuccess),
            ("SYSTEM.ERROR.OCCURRED", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SystemErrorOccurred),
            ("SYSTEM.ESCALATION.RESOLVED", Some("1.0.0")) => serde_json::from_value(data).map(Self::SystemEscalationResolvedV100),
            ("SYSTEM.ESCALATION.RESOLVED", None | Some("1.1.0")) => serde_json::from_value(data).map(Self::SystemEscalationResolved),
            ("SYSTEM.ESCALATION.TRIGGERED", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SystemEscalationTriggered),
            ("SYSTEM.RETRY.EXHAUSTED", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SystemRetryExhausted),
            _ => return None,
        })
    }
}

/// The types of events.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum EventType {
    /// `AI.ERROR.OCCURRED`.
    #[serde(rename = "AI.ERROR.OCCURRED")]
    AiErrorOccurred,
    /// `AI.PROVIDER.SELECTED`.
    #[serde(rename = "AI.PROVIDER.SELECTED")]
    AiProviderSelected,
    /// `AI.REQUEST.STARTED`.
    #[serde(rename = "AI.REQUEST.STARTED")]
    AiRequestStarted,
    /// `AI.RESPONSE.RECEIVED`.
    #[serde(rename = "AI.RESPONSE.RECEIVED")]
    AiResponseReceived,
    /// `APPROVAL.PROVIDED`.
    #[serde(rename = "APPROVAL.PROVIDED")]
    ApprovalProvided,
    /// `APPROVAL.REJECTED`.
    #[serde(rename = "APPROVAL.REJECTED")]
    ApprovalRejected,
    /// `APPROVAL.REQUESTED`.
    #[serde(rename = "APPROVAL.REQUESTED")]
    ApprovalRequested,
    /// `CODE.COMMIT.CREATED`.
    #[serde(rename = "CODE.COMMIT.CREATED")]
    CodeCommitCreated,
    /// `CODE.FILE.CREATED`.
    #[serde(rename = "CODE.FILE.CREATED")]
    CodeFileCreated,
    /// `CODE.FILE.DELETED`.
    #[serde(rename = "CODE.FILE.DELETED")]
    CodeFileDeleted,
    /// `CODE.FILE.UPDATED`.
    #[serde(rename = "CODE.FILE.UPDATED")]
    CodeFileUpdated,
    /// `CONFIG.CHANGED`.
    #[serde(rename = "CONFIG.CHANGED")]
    ConfigChanged,
    /// `CONFIG.PLATFORM.ADDED`.
    #[serde(rename = "CONFIG.PLATFORM.ADDED")]
    ConfigPlatformAdded,
    /// `CONFIG.PROVIDER.ADDED`.
    #[serde(rename = "CONFIG.PROVIDER.ADDED")]
    ConfigProviderAdded,
    /// `GIT.BRANCH.CREATED`.
    #[serde(rename = "GIT.BRANCH.CREATED")]
    GitBranchCreated,
    /// `GIT.PULL_REQUEST.CREATED`.
    #[serde(rename = "GIT.PULL_REQUEST.CREATED")]
    GitPullRequestCreated,
    /// `GIT.PULL_REQUEST.MERGED`.
    #[serde(rename = "GIT.PULL_REQUEST.MERGED")]
    GitPullRequestMerged,
    /// `GIT.PULL_REQUEST.UPDATED`.
    #[serde(rename = "GIT.PULL_REQUEST.UPDATED")]
    GitPullRequestUpdated,
    /// `ISSUE.ANALYSIS.COMPLETED`.
    #[serde(rename = "ISSUE.ANALYSIS.COMPLETED")]
    IssueAnalysisCompleted,
    /// `ISSUE.ASSIGNED.SUCCESS`.
    #[serde(rename = "ISSUE.ASSIGNED.SUCCESS")]
    IssueAssignedSuccess,
    /// `ISSUE.SELECTED.SUCCESS`.
    #[serde(rename = "ISSUE.SELECTED.SUCCESS")]
    IssueSelectedSuccess,
    /// `SYSTEM.ERROR.OCCURRED`.
    #[serde(rename = "SYSTEM.ERROR.OCCURRED")]
    SystemErrorOccurred,
    /// `SYSTEM.ESCALATION.RESOLVED`.
    #[serde(rename = "SYSTEM.ESCALATION.RESOLVED")]
    SystemEscalationResolved,
    /// `SYSTEM.ESCALATION.TRIGGERED`.
    #[serde(rename = "SYSTEM.ESCALATION.TRIGGERED")]
    SystemEscalationTriggered,
    /// `SYSTEM.RETRY.EXHAUSTED`.
    #[serde(rename = "SYSTEM.RETRY.EXHAUSTED")]
    SystemRetryExhausted,
}

/// An event as the app writes it. `Data::read` reads its data.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Event {
    /// The event's id. A UUID.
    #[serde(rename = "eventId")]
    pub event_id: String,
    /// The event type.
    #[serde(rename = "eventType")]
    pub event_type: EventType,
    /// The version of the event type.
    #[serde(rename = "schemaVersion")]
    pub schema_version: String,
    /// When it happened. Date and time of RFC 3339.
    pub timestamp: String,
    /// The kind of actor.
    #[serde(rename = "actorType")]
    pub actor_type: String,
    /// The actor.
    #[serde(rename = "actorId")]
    pub actor_id: String,
    /// The workflow it belongs to.
    #[serde(rename = "correlationId")]
    pub correlation_id: String,
    /// The event that caused it.
    #[serde(rename = "causationId", default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// What else came with the event.
    pub metadata: EventMetadata,
    /// What the event type's schema describes.
    pub payload: serde_json::Value,
}

/// What else came with the event.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EventMetadata {
    /// The request, for tracing.
    #[serde(rename = "stepId", default, skip_serializing_if = "Option::is_none")]
    pub step_id: Option<String>,
    /// The part of the app that sent it.
    pub source: String,
    /// Where it ran: production, staging, …
    pub environment: String,
    /// Tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<std::collections::BTreeMap<String, String>>,
    /// Whatever else is there.
    #[serde(flatten)]
    pub further_fields: serde_json::Map<String, serde_json::Value>,
}

/// Owner and name, with the groups between them where a platform nests. Matches
/// `^[^/\s]+(/[^/\s]+)+$`.
pub type Repository = String;

/// Hash of content that is kept elsewhere, with the function before the colon. Matches
/// `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
pub type Digest = String;

/// Full id of a Git commit. Matches `^([0-9a-f]{40}|[0-9a-f]{64})$`.
pub type Commit = String;

/// Where the whole content lies, as a URI. Of the format uri.
pub type Reference = String;

/// Something the loop looked at to come to what the event says.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Resource {
    /// Kind of thing, such as `file`, `issue`, `pull-request`, `log` or `web-page`.
    pub kind: String,
    /// Which one: a path, a number, an address.
    pub id: String,
    /// Content at the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// How confidential it is, as the owner classifies it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
}

/// Everything that was read for it.
pub type Resources = Vec<Resource>;

/// One thing that has another value than before.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    /// What changed.
    pub field: String,
    /// Value before; null for none.
    pub before: serde_json::Value,
    /// Value after; null for none.
    pub after: serde_json::Value,
}

/// Everything that changed.
pub type Changes = Vec<Change>;

/// Data of `AI.ERROR.OCCURRED` 1.0.0. A request to a model failed.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AiErrorOccurredData {
    /// The request that failed.
    #[serde(rename = "requestId")]
    pub request_id: String,
    /// Provider asked.
    pub provider: String,
    /// Model asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What went wrong, in the provider's code or the loop's own.
    #[serde(rename = "errorCode")]
    pub error_code: String,
    /// What went wrong, in words. Personal (free-text).
    pub message: String,
    /// Status of the answer. A whole number, at least 100, at most 599.
    #[serde(rename = "httpStatus", default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<i64>,
    /// Whether trying again may help.
    pub retryable: bool,
    /// Which attempt failed. A whole number, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<i64>,
    /// Time the provider asked to wait, in milliseconds. A whole number, at least 0.
    #[serde(rename = "retryAfterMs", default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<i64>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it was for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
}

/// Data of `AI.PROVIDER.SELECTED` 1.0.0. The loop decided which model gets a task.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AiProviderSelectedData {
    /// The task, such as `code-generation` or `review`.
    pub task: String,
    /// Provider chosen.
    pub provider: String,
    /// Model chosen.
    pub model: String,
    /// Why this one.
    pub reason: String,
    /// Name of the rule that decided, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What else was weighed, with what spoke for or against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<AiProviderSelectedDataCandidatesItem>>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
}

/// `AiProviderSelectedDataCandidatesItem`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AiProviderSelectedDataCandidatesItem {
    /// Provider weighed.
    pub provider: String,
    /// Model weighed.
    pub model: String,
    /// How well it did, higher being better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Why not.
    #[serde(rename = "rejectedBecause", default, skip_serializing_if = "Option::is_none")]
    pub rejected_because: Option<String>,
}

/// Data of `AI.REQUEST.STARTED` 1.0.0. A request went out to a model.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AiRequestStartedV100Data {
    /// The request, for its response or error to name.
    #[serde(rename = "requestId")]
    pub request_id: String,
    /// Provider asked.
    pub provider: String,
    /// Model asked.
    pub model: String,
    /// What it was asked for, such as `code-generation` or `review`.
    pub purpose: String,
    /// Everything that was sent.
    #[serde(rename = "promptDigest")]
    pub prompt_digest: Digest,
    /// `promptReference`.
    #[serde(rename = "promptReference", default, skip_serializing_if = "Option::is_none")]
    pub prompt_reference: Option<Reference>,
    /// Tokens sent, as counted beforehand. A whole number, at least 0.
    #[serde(rename = "promptTokens", default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<i64>,
    /// Settings of the request, such as temperature and limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<serde_json::Map<String, serde_json::Value>>,
    /// Which attempt this is. A whole number, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<i64>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// What the prompt contains of other things.
    #[serde(rename = "resourcesAccessed", default, skip_serializing_if = "Option::is_none")]
    pub resources_accessed: Option<Resources>,
}

/// Data of `AI.REQUEST.STARTED` 1.1.0. A request went out to a model.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AiRequestStartedData {
    /// The request, for its response or error to name.
    #[serde(rename = "requestId")]
    pub request_id: String,
    /// Provider asked.
    pub provider: String,
    /// Model asked.
    pub model: String,
    /// What it was asked for, such as `code-generation` or `review`.
    pub purpose: String,
    /// Everything that was sent.
    #[serde(rename = "promptDigest")]
    pub prompt_digest: Digest,
    /// `promptReference`.
    #[serde(rename = "promptReference", default, skip_serializing_if = "Option::is_none")]
    pub prompt_reference: Option<Reference>,
    /// Tokens sent, as counted beforehand. A whole number, at least 0.
    #[serde(rename = "promptTokens", default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<i64>,
    /// Settings of the request, such as temperature and limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<serde_json::Map<String, serde_json::Value>>,
    /// Which attempt this is. A whole number, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<i64>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// What the prompt contains of other things.
    #[serde(rename = "resourcesAccessed", default, skip_serializing_if = "Option::is_none")]
    pub resources_accessed: Option<Resources>,
    /// Why it was asked, where the purpose does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Data of `AI.RESPONSE.RECEIVED` 1.0.0. A model answered.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AiResponseReceivedV100Data {
    /// The request it answers.
    #[serde(rename = "requestId")]
    pub request_id: String,
    /// Provider that answered.
    pub provider: String,
    /// Model that answered, which may be a dated form of the one asked.
    pub model: String,
    /// Everything that came back.
    #[serde(rename = "responseDigest")]
    pub response_digest: Digest,
    /// `responseReference`.
    #[serde(rename = "responseReference", default, skip_serializing_if = "Option::is_none")]
    pub response_reference: Option<Reference>,
    /// Why it stopped, in the provider's word.
    #[serde(rename = "finishReason", default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// Tokens charged for what was sent. A whole number, at least 0.
    #[serde(rename = "inputTokens")]
    pub input_tokens: i64,
    /// Tokens charged for what came back. A whole number, at least 0.
    #[serde(rename = "outputTokens")]
    pub output_tokens: i64,
    /// Price of the whole exchange, in US dollars. A number, or the same as text, of up to 28
    /// digits, at least 0.
    #[serde(rename = "costUsd", default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<NumberOrText>,
    /// From request to the end of the answer, in milliseconds. A whole number, at least 0.
    #[serde(rename = "durationMs")]
    pub duration_ms: i64,
    /// What the model asked to be done, in order.
    #[serde(rename = "toolCalls", default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Vec<AiResponseReceivedV100DataToolCallsItem>>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
}

/// `AiResponseReceivedV100DataToolCallsItem`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AiResponseReceivedV100DataToolCallsItem {
    /// Tool called.
    pub name: String,
    /// What it was called with.
    #[serde(rename = "argumentsDigest", default, skip_serializing_if = "Option::is_none")]
    pub arguments_digest: Option<Digest>,
}

/// Data of `AI.RESPONSE.RECEIVED` 1.1.0. A model answered.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AiResponseReceivedData {
    /// The request it answers.
    #[serde(rename = "requestId")]
    pub request_id: String,
    /// Provider that answered.
    pub provider: String,
    /// Model that answered, which may be a dated form of the one asked.
    pub model: String,
    /// Everything that came back.
    #[serde(rename = "responseDigest")]
    pub response_digest: Digest,
    /// `responseReference`.
    #[serde(rename = "responseReference", default, skip_serializing_if = "Option::is_none")]
    pub response_reference: Option<Reference>,
    /// Why it stopped, in the provider's word.
    #[serde(rename = "finishReason", default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// Tokens charged for what was sent. A whole number, at least 0.
    #[serde(rename = "inputTokens")]
    pub input_tokens: i64,
    /// Tokens charged for what came back. A whole number, at least 0.
    #[serde(rename = "outputTokens")]
    pub output_tokens: i64,
    /// Price of the whole exchange, in US dollars. A number, or the same as text, of up to 28
    /// digits, at least 0.
    #[serde(rename = "costUsd", default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<NumberOrText>,
    /// From request to the end of the answer, in milliseconds. A whole number, at least 0.
    #[serde(rename = "durationMs")]
    pub duration_ms: i64,
    /// What the model asked to be done, in order.
    #[serde(rename = "toolCalls", default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Vec<AiResponseReceivedDataToolCallsItem>>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// What the model read on the way, by its tools.
    #[serde(rename = "resourcesAccessed", default, skip_serializing_if = "Option::is_none")]
    pub resources_accessed: Option<Resources>,
}

/// `AiResponseReceivedDataToolCallsItem`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AiResponseReceivedDataToolCallsItem {
    /// Tool called.
    pub name: String,
    /// What it was called with.
    #[serde(rename = "argumentsDigest", default, skip_serializing_if = "Option::is_none")]
    pub arguments_digest: Option<Digest>,
}

/// Data of `APPROVAL.PROVIDED` 1.0.0. A person agreed to what the loop asked for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ApprovalProvidedV100Data {
    /// The question answered.
    #[serde(rename = "approvalId")]
    pub approval_id: String,
    /// Login of whoever decided. Personal (person).
    pub approver: String,
    /// How far the agreement goes.
    pub decision: ApprovalProvidedV100DataDecision,
    /// What it depends on, where it does. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<String>>,
    /// Exactly what was approved.
    #[serde(rename = "subjectDigest")]
    pub subject_digest: Digest,
    /// What the person wrote, if anything. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Where the answer was given, such as `web`, `cli` or `pull-request`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// How the person had proved who they are, such as `passkey`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<String>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it is about. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// Pull request it is about. A whole number, at least 1.
    #[serde(rename = "pullRequestNumber", default, skip_serializing_if = "Option::is_none")]
    pub pull_request_number: Option<i64>,
}

/// `ApprovalProvidedV100DataDecision`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ApprovalProvidedV100DataDecision {
    /// `approved`.
    #[serde(rename = "approved")]
    Approved,
    /// `approved-with-conditions`.
    #[serde(rename = "approved-with-conditions")]
    ApprovedWithConditions,
}

/// Data of `APPROVAL.PROVIDED` 1.1.0. A person agreed to what the loop asked for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ApprovalProvidedData {
    /// The question answered.
    #[serde(rename = "approvalId")]
    pub approval_id: String,
    /// Login of whoever decided. Personal (person).
    pub approver: String,
    /// How far the agreement goes.
    pub decision: ApprovalProvidedDataDecision,
    /// What it depends on, where it does. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<String>>,
    /// Exactly what was approved.
    #[serde(rename = "subjectDigest")]
    pub subject_digest: Digest,
    /// What the person wrote, if anything. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Where the answer was given, such as `web`, `cli` or `pull-request`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// How the person had proved who they are, such as `passkey`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<String>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it is about. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// Pull request it is about. A whole number, at least 1.
    #[serde(rename = "pullRequestNumber", default, skip_serializing_if = "Option::is_none")]
    pub pull_request_number: Option<i64>,
    /// Why it was agreed to, as the person gave it. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the person was shown or opened for it.
    #[serde(rename = "resourcesAccessed", default, skip_serializing_if = "Option::is_none")]
    pub resources_accessed: Option<Resources>,
}

/// `ApprovalProvidedDataDecision`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ApprovalProvidedDataDecision {
    /// `approved`.
    #[serde(rename = "approved")]
    Approved,
    /// `approved-with-conditions`.
    #[serde(rename = "approved-with-conditions")]
    ApprovedWithConditions,
}

/// Data of `APPROVAL.REJECTED` 1.0.0. A person said no to what the loop asked for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ApprovalRejectedV100Data {
    /// The question answered.
    #[serde(rename = "approvalId")]
    pub approval_id: String,
    /// Login of whoever decided. Personal (person).
    pub approver: String,
    /// Exactly what was turned down.
    #[serde(rename = "subjectDigest")]
    pub subject_digest: Digest,
    /// Why. Personal (free-text).
    pub reason: String,
    /// What would have to be different. Personal (free-text).
    #[serde(rename = "requestedChanges", default, skip_serializing_if = "Option::is_none")]
    pub requested_changes: Option<Vec<String>>,
    /// Where the answer was given, such as `web`, `cli` or `pull-request`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// How the person had proved who they are, such as `passkey`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<String>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it is about. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// Pull request it is about. A whole number, at least 1.
    #[serde(rename = "pullRequestNumber", default, skip_serializing_if = "Option::is_none")]
    pub pull_request_number: Option<i64>,
}

/// Data of `APPROVAL.REJECTED` 1.1.0. A person said no to what the loop asked for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ApprovalRejectedData {
    /// The question answered.
    #[serde(rename = "approvalId")]
    pub approval_id: String,
    /// Login of whoever decided. Personal (person).
    pub approver: String,
    /// Exactly what was turned down.
    #[serde(rename = "subjectDigest")]
    pub subject_digest: Digest,
    /// Why. Personal (free-text).
    pub reason: String,
    /// What would have to be different. Personal (free-text).
    #[serde(rename = "requestedChanges", default, skip_serializing_if = "Option::is_none")]
    pub requested_changes: Option<Vec<String>>,
    /// Where the answer was given, such as `web`, `cli` or `pull-request`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// How the person had proved who they are, such as `passkey`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<String>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it is about. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// Pull request it is about. A whole number, at least 1.
    #[serde(rename = "pullRequestNumber", default, skip_serializing_if = "Option::is_none")]
    pub pull_request_number: Option<i64>,
    /// What the person was shown or opened for it.
    #[serde(rename = "resourcesAccessed", default, skip_serializing_if = "Option::is_none")]
    pub resources_accessed: Option<Resources>,
}

/// Data of `APPROVAL.REQUESTED` 1.0.0. The loop stopped to ask people before it goes on.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ApprovalRequestedData {
    /// The question, for the answer to name.
    #[serde(rename = "approvalId")]
    pub approval_id: String,
    /// What is to be approved, such as `plan`, `merge` or `config-change`.
    pub subject: String,
    /// Exactly what is to be approved.
    #[serde(rename = "subjectDigest")]
    pub subject_digest: Digest,
    /// `subjectReference`.
    #[serde(rename = "subjectReference", default, skip_serializing_if = "Option::is_none")]
    pub subject_reference: Option<Reference>,
    /// What people are told of it. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Why the loop may not decide this alone.
    pub reason: String,
    /// How much depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<ApprovalRequestedDataRisk>,
    /// People or groups asked. Personal (person).
    #[serde(rename = "requestedFrom", default, skip_serializing_if = "Option::is_none")]
    pub requested_from: Option<Vec<String>>,
    /// When silence becomes an escalation. Of the format date-time.
    #[serde(rename = "expiresAt", default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it is about. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// Pull request it is about. A whole number, at least 1.
    #[serde(rename = "pullRequestNumber", default, skip_serializing_if = "Option::is_none")]
    pub pull_request_number: Option<i64>,
}

/// `ApprovalRequestedDataRisk`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ApprovalRequestedDataRisk {
    /// `low`.
    #[serde(rename = "low")]
    Low,
    /// `medium`.
    #[serde(rename = "medium")]
    Medium,
    /// `high`.
    #[serde(rename = "high")]
    High,
}

/// Data of `CODE.COMMIT.CREATED` 1.0.0. The loop committed its changes.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CodeCommitCreatedV100Data {
    /// `repository`.
    pub repository: Repository,
    /// Branch committed to.
    pub branch: String,
    /// `commit`.
    pub commit: Commit,
    /// Commits it builds on; none for the first.
    pub parents: Vec<Commit>,
    /// The message, whole. Personal (free-text).
    pub message: String,
    /// Login of the author; what Git records of them is in the commit. Personal (person).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Paths it touches.
    #[serde(rename = "filesChanged")]
    pub files_changed: Vec<String>,
    /// Lines that are new. A whole number, at least 0.
    #[serde(rename = "linesAdded", default, skip_serializing_if = "Option::is_none")]
    pub lines_added: Option<i64>,
    /// Lines that are gone. A whole number, at least 0.
    #[serde(rename = "linesRemoved", default, skip_serializing_if = "Option::is_none")]
    pub lines_removed: Option<i64>,
    /// Whether it carries a signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<bool>,
    /// Fingerprint of what it is signed with, where it is. Personal (identifier).
    #[serde(rename = "signedBy", default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
}

/// Data of `CODE.COMMIT.CREATED` 1.1.0. The loop committed its changes.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CodeCommitCreatedData {
    /// `repository`.
    pub repository: Repository,
    /// Branch committed to.
    pub branch: String,
    /// `commit`.
    pub commit: Commit,
    /// Commits it builds on; none for the first.
    pub parents: Vec<Commit>,
    /// The message, whole. Personal (free-text).
    pub message: String,
    /// Login of the author; what Git records of them is in the commit. Personal (person).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Paths it touches.
    #[serde(rename = "filesChanged")]
    pub files_changed: Vec<String>,
    /// Lines that are new. A whole number, at least 0.
    #[serde(rename = "linesAdded", default, skip_serializing_if = "Option::is_none")]
    pub lines_added: Option<i64>,
    /// Lines that are gone. A whole number, at least 0.
    #[serde(rename = "linesRemoved", default, skip_serializing_if = "Option::is_none")]
    pub lines_removed: Option<i64>,
    /// Whether it carries a signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<bool>,
    /// Fingerprint of what it is signed with, where it is. Personal (identifier).
    #[serde(rename = "signedBy", default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// Why these changes belong together, as the loop sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The difference to its first parent.
    #[serde(rename = "diffDigest", default, skip_serializing_if = "Option::is_none")]
    pub diff_digest: Option<Digest>,
    /// `diffReference`.
    #[serde(rename = "diffReference", default, skip_serializing_if = "Option::is_none")]
    pub diff_reference: Option<Reference>,
}

/// Data of `CODE.FILE.CREATED` 1.0.0. The loop wrote a file that was not there.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CodeFileCreatedV100Data {
    /// `repository`.
    pub repository: Repository,
    /// Branch it was written on.
    pub branch: String,
    /// Path from the root of the repository, with forward slashes.
    pub path: String,
    /// The content.
    #[serde(rename = "digestAfter")]
    pub digest_after: Digest,
    /// Size of the content. A whole number, at least 0.
    #[serde(rename = "sizeBytes", default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// Lines it has. A whole number, at least 0.
    #[serde(rename = "linesAdded", default, skip_serializing_if = "Option::is_none")]
    pub lines_added: Option<i64>,
    /// Why it is needed.
    pub reason: String,
    /// Request to a model that it came from, where it did.
    #[serde(rename = "requestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
}

/// Data of `CODE.FILE.CREATED` 1.1.0. The loop wrote a file that was not there.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CodeFileCreatedData {
    /// `repository`.
    pub repository: Repository,
    /// Branch it was written on.
    pub branch: String,
    /// Path from the root of the repository, with forward slashes.
    pub path: String,
    /// The content.
    #[serde(rename = "digestAfter")]
    pub digest_after: Digest,
    /// Size of the content. A whole number, at least 0.
    #[serde(rename = "sizeBytes", default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// Lines it has. A whole number, at least 0.
    #[serde(rename = "linesAdded", default, skip_serializing_if = "Option::is_none")]
    pub lines_added: Option<i64>,
    /// Why it is needed.
    pub reason: String,
    /// Request to a model that it came from, where it did.
    #[serde(rename = "requestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// `resourcesAccessed`.
    #[serde(rename = "resourcesAccessed", default, skip_serializing_if = "Option::is_none")]
    pub resources_accessed: Option<Resources>,
}

/// Data of `CODE.FILE.DELETED` 1.0.0. The loop removed a file.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CodeFileDeletedV100Data {
    /// `repository`.
    pub repository: Repository,
    /// Branch it was removed on.
    pub branch: String,
    /// Path it had, from the root of the repository.
    pub path: String,
    /// The content it had.
    #[serde(rename = "digestBefore")]
    pub digest_before: Digest,
    /// Lines it had. A whole number, at least 0.
    #[serde(rename = "linesRemoved", default, skip_serializing_if = "Option::is_none")]
    pub lines_removed: Option<i64>,
    /// Why it is not needed any more.
    pub reason: String,
    /// Request to a model that it came from, where it did.
    #[serde(rename = "requestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
}

/// Data of `CODE.FILE.DELETED` 1.1.0. The loop removed a file.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CodeFileDeletedData {
    /// `repository`.
    pub repository: Repository,
    /// Branch it was removed on.
    pub branch: String,
    /// Path it had, from the root of the repository.
    pub path: String,
    /// The content it had.
    #[serde(rename = "digestBefore")]
    pub digest_before: Digest,
    /// Lines it had. A whole number, at least 0.
    #[serde(rename = "linesRemoved", default, skip_serializing_if = "Option::is_none")]
    pub lines_removed: Option<i64>,
    /// Why it is not needed any more.
    pub reason: String,
    /// Request to a model that it came from, where it did.
    #[serde(rename = "requestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// `resourcesAccessed`.
    #[serde(rename = "resourcesAccessed", default, skip_serializing_if = "Option::is_none")]
    pub resources_accessed: Option<Resources>,
}

/// Data of `CODE.FILE.UPDATED` 1.0.0. The loop changed a file.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CodeFileUpdatedV100Data {
    /// `repository`.
    pub repository: Repository,
    /// Branch it was changed on.
    pub branch: String,
    /// Path from the root of the repository, with forward slashes.
    pub path: String,
    /// Path before, where it was moved as well.
    #[serde(rename = "previousPath", default, skip_serializing_if = "Option::is_none")]
    pub previous_path: Option<String>,
    /// The content before.
    #[serde(rename = "digestBefore")]
    pub digest_before: Digest,
    /// The content after.
    #[serde(rename = "digestAfter")]
    pub digest_after: Digest,
    /// The difference between the two.
    #[serde(rename = "diffDigest", default, skip_serializing_if = "Option::is_none")]
    pub diff_digest: Option<Digest>,
    /// `diffReference`.
    #[serde(rename = "diffReference", default, skip_serializing_if = "Option::is_none")]
    pub diff_reference: Option<Reference>,
    /// Lines that are new. A whole number, at least 0.
    #[serde(rename = "linesAdded", default, skip_serializing_if = "Option::is_none")]
    pub lines_added: Option<i64>,
    /// Lines that are gone. A whole number, at least 0.
    #[serde(rename = "linesRemoved", default, skip_serializing_if = "Option::is_none")]
    pub lines_removed: Option<i64>,
    /// Why it was changed.
    pub reason: String,
    /// Request to a model that it came from, where it did.
    #[serde(rename = "requestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
}

/// Data of `CODE.FILE.UPDATED` 1.1.0. The loop changed a file.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CodeFileUpdatedData {
    /// `repository`.
    pub repository: Repository,
    /// Branch it was changed on.
    pub branch: String,
    /// Path from the root of the repository, with forward slashes.
    pub path: String,
    /// Path before, where it was moved as well.
    #[serde(rename = "previousPath", default, skip_serializing_if = "Option::is_none")]
    pub previous_path: Option<String>,
    /// The content before.
    #[serde(rename = "digestBefore")]
    pub digest_before: Digest,
    /// The content after.
    #[serde(rename = "digestAfter")]
    pub digest_after: Digest,
    /// The difference between the two.
    #[serde(rename = "diffDigest", default, skip_serializing_if = "Option::is_none")]
    pub diff_digest: Option<Digest>,
    /// `diffReference`.
    #[serde(rename = "diffReference", default, skip_serializing_if = "Option::is_none")]
    pub diff_reference: Option<Reference>,
    /// Lines that are new. A whole number, at least 0.
    #[serde(rename = "linesAdded", default, skip_serializing_if = "Option::is_none")]
    pub lines_added: Option<i64>,
    /// Lines that are gone. A whole number, at least 0.
    #[serde(rename = "linesRemoved", default, skip_serializing_if = "Option::is_none")]
    pub lines_removed: Option<i64>,
    /// Why it was changed.
    pub reason: String,
    /// Request to a model that it came from, where it did.
    #[serde(rename = "requestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// `resourcesAccessed`.
    #[serde(rename = "resourcesAccessed", default, skip_serializing_if = "Option::is_none")]
    pub resources_accessed: Option<Resources>,
}

/// Data of `CONFIG.CHANGED` 1.0.0. A setting has another value than before.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ConfigChangedData {
    /// What it applies to, such as `global` or `project:acme/checkout`.
    pub scope: String,
    /// The setting, dotted.
    pub key: String,
    /// Value before; null where it was not set, a digest where it is a secret.
    pub before: serde_json::Value,
    /// Value after; null where it is not set any more, a digest where it is a secret.
    pub after: serde_json::Value,
    /// Whether the value is one, so that only digests stand here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<bool>,
    /// Why it was changed.
    pub reason: String,
    /// Approval it rests on, where it needs one.
    #[serde(rename = "approvalId", default, skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<String>,
}

/// Data of `CONFIG.PLATFORM.ADDED` 1.0.0. A platform that hosts repositories may be worked on from
/// now on.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ConfigPlatformAddedData {
    /// Name it is called by.
    pub platform: String,
    /// Kind of platform, such as `github` or `gitlab`.
    pub kind: String,
    /// Where it is reached. Of the format uri.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Repositories to work on, patterns allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repositories: Option<Vec<String>>,
    /// What the loop may do there.
    pub permissions: Vec<String>,
    /// Name of the secret used for it, never the secret.
    #[serde(rename = "credentialName", default, skip_serializing_if = "Option::is_none")]
    pub credential_name: Option<String>,
    /// Why it was added.
    pub reason: String,
    /// Approval it rests on, where it needs one.
    #[serde(rename = "approvalId", default, skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<String>,
}

/// Data of `CONFIG.PROVIDER.ADDED` 1.0.0. A provider of models may be used from now on.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ConfigProviderAddedData {
    /// Name it is called by.
    pub provider: String,
    /// Kind of interface it speaks, such as `anthropic` or `openai-compatible`.
    pub kind: String,
    /// Where it is reached. Of the format uri.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Models that may be used.
    pub models: Vec<String>,
    /// Where the data goes, as far as the provider promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Name of the secret used for it, never the secret.
    #[serde(rename = "credentialName", default, skip_serializing_if = "Option::is_none")]
    pub credential_name: Option<String>,
    /// Whether it is in use at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Why it was added.
    pub reason: String,
    /// Approval it rests on, where it needs one.
    #[serde(rename = "approvalId", default, skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<String>,
}

/// Data of `GIT.BRANCH.CREATED` 1.0.0. The loop made a branch to work on.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GitBranchCreatedData {
    /// `repository`.
    pub repository: Repository,
    /// The new branch.
    pub branch: String,
    /// Branch it starts from.
    #[serde(rename = "baseBranch")]
    pub base_branch: String,
    /// Commit it starts from.
    #[serde(rename = "baseCommit")]
    pub base_commit: Commit,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Issue it is for. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
}

/// Data of `GIT.PULL_REQUEST.CREATED` 1.0.0. The loop opened a pull request.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GitPullRequestCreatedV100Data {
    /// `repository`.
    pub repository: Repository,
    /// Number within the repository. A whole number, at least 1.
    #[serde(rename = "pullRequestNumber")]
    pub pull_request_number: i64,
    /// Issue it solves. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// Title. Personal (free-text).
    pub title: String,
    /// Where a person can read it. Of the format uri.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Branch to be merged.
    pub branch: String,
    /// Branch it is to be merged into.
    #[serde(rename = "baseBranch")]
    pub base_branch: String,
    /// Last commit of the branch.
    #[serde(rename = "headCommit")]
    pub head_commit: Commit,
    /// Its description as posted.
    #[serde(rename = "bodyDigest", default, skip_serializing_if = "Option::is_none")]
    pub body_digest: Option<Digest>,
    /// Whether it is marked as not ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<bool>,
    /// Logins of the people asked to review. Personal (person).
    #[serde(rename = "reviewersRequested", default, skip_serializing_if = "Option::is_none")]
    pub reviewers_requested: Option<Vec<String>>,
}

/// Data of `GIT.PULL_REQUEST.CREATED` 1.1.0. The loop opened a pull request.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GitPullRequestCreatedData {
    /// `repository`.
    pub repository: Repository,
    /// Number within the repository. A whole number, at least 1.
    #[serde(rename = "pullRequestNumber")]
    pub pull_request_number: i64,
    /// Issue it solves. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// Title. Personal (free-text).
    pub title: String,
    /// Where a person can read it. Of the format uri.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Branch to be merged.
    pub branch: String,
    /// Branch it is to be merged into.
    #[serde(rename = "baseBranch")]
    pub base_branch: String,
    /// Last commit of the branch.
    #[serde(rename = "headCommit")]
    pub head_commit: Commit,
    /// Its description as posted.
    #[serde(rename = "bodyDigest", default, skip_serializing_if = "Option::is_none")]
    pub body_digest: Option<Digest>,
    /// Whether it is marked as not ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<bool>,
    /// Logins of the people asked to review. Personal (person).
    #[serde(rename = "reviewersRequested", default, skip_serializing_if = "Option::is_none")]
    pub reviewers_requested: Option<Vec<String>>,
    /// What it would change in the branch it is meant for.
    #[serde(rename = "diffDigest", default, skip_serializing_if = "Option::is_none")]
    pub diff_digest: Option<Digest>,
    /// Why it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Data of `GIT.PULL_REQUEST.MERGED` 1.0.0. A pull request of the loop became part of the branch it
/// was meant for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GitPullRequestMergedV100Data {
    /// `repository`.
    pub repository: Repository,
    /// Number within the repository. A whole number, at least 1.
    #[serde(rename = "pullRequestNumber")]
    pub pull_request_number: i64,
    /// Issue it solves. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// Branch merged into.
    #[serde(rename = "baseBranch")]
    pub base_branch: String,
    /// Its last commit before.
    #[serde(rename = "baseCommitBefore", default, skip_serializing_if = "Option::is_none")]
    pub base_commit_before: Option<Commit>,
    /// Last commit merged, the one that was approved.
    #[serde(rename = "headCommit")]
    pub head_commit: Commit,
    /// Commit that came of it.
    pub commit: Commit,
    /// How the histories were joined.
    pub method: GitPullRequestMergedV100DataMethod,
    /// Login of whoever merged. Personal (person).
    #[serde(rename = "mergedBy")]
    pub merged_by: String,
    /// Approvals it rests on.
    #[serde(rename = "approvalIds", default, skip_serializing_if = "Option::is_none")]
    pub approval_ids: Option<Vec<String>>,
    /// Logins of the people who approved. Personal (person).
    #[serde(rename = "approvedBy", default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Vec<String>>,
    /// Automatic checks of the last commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<GitPullRequestMergedV100DataChecksItem>>,
    /// Why it could be merged, such as the rule that allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `GitPullRequestMergedV100DataChecksItem`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GitPullRequestMergedV100DataChecksItem {
    /// The check.
    pub name: String,
    /// How it ended.
    pub conclusion: String,
}

/// `GitPullRequestMergedV100DataMethod`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum GitPullRequestMergedV100DataMethod {
    /// `merge`.
    #[serde(rename = "merge")]
    Merge,
    /// `squash`.
    #[serde(rename = "squash")]
    Squash,
    /// `rebase`.
    #[serde(rename = "rebase")]
    Rebase,
}

/// Data of `GIT.PULL_REQUEST.MERGED` 1.1.0. A pull request of the loop became part of the branch it
/// was meant for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GitPullRequestMergedData {
    /// `repository`.
    pub repository: Repository,
    /// Number within the repository. A whole number, at least 1.
    #[serde(rename = "pullRequestNumber")]
    pub pull_request_number: i64,
    /// Issue it solves. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// Branch merged into.
    #[serde(rename = "baseBranch")]
    pub base_branch: String,
    /// Its last commit before.
    #[serde(rename = "baseCommitBefore", default, skip_serializing_if = "Option::is_none")]
    pub base_commit_before: Option<Commit>,
    /// Last commit merged, the one that was approved.
    #[serde(rename = "headCommit")]
    pub head_commit: Commit,
    /// Commit that came of it.
    pub commit: Commit,
    /// How the histories were joined.
    pub method: GitPullRequestMergedDataMethod,
    /// Login of whoever merged. Personal (person).
    #[serde(rename = "mergedBy")]
    pub merged_by: String,
    /// Approvals it rests on.
    #[serde(rename = "approvalIds", default, skip_serializing_if = "Option::is_none")]
    pub approval_ids: Option<Vec<String>>,
    /// Logins of the people who approved. Personal (person).
    #[serde(rename = "approvedBy", default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Vec<String>>,
    /// Automatic checks of the last commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<GitPullRequestMergedDataChecksItem>>,
    /// Why it could be merged, such as the rule that allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it changed in the branch merged into.
    #[serde(rename = "diffDigest", default, skip_serializing_if = "Option::is_none")]
    pub diff_digest: Option<Digest>,
}

/// `GitPullRequestMergedDataChecksItem`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GitPullRequestMergedDataChecksItem {
    /// The check.
    pub name: String,
    /// How it ended.
    pub conclusion: String,
}

/// `GitPullRequestMergedDataMethod`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum GitPullRequestMergedDataMethod {
    /// `merge`.
    #[serde(rename = "merge")]
    Merge,
    /// `squash`.
    #[serde(rename = "squash")]
    Squash,
    /// `rebase`.
    #[serde(rename = "rebase")]
    Rebase,
}

/// Data of `GIT.PULL_REQUEST.UPDATED` 1.0.0. A pull request of the loop changed, by new commits or
/// in what is written on it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GitPullRequestUpdatedData {
    /// `repository`.
    pub repository: Repository,
    /// Number within the repository. A whole number, at least 1.
    #[serde(rename = "pullRequestNumber")]
    pub pull_request_number: i64,
    /// Issue it solves. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// What is different, field by field; commits show as a change of `headCommit`. At least 1
    /// items, personal (free-text).
    pub changes: Vec<GitPullRequestUpdatedDataChangesItem>,
    /// Why it was changed.
    pub reason: String,
}

/// `GitPullRequestUpdatedDataChangesItem`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GitPullRequestUpdatedDataChangesItem {
    /// What changed.
    pub field: String,
    /// Value before; null for none.
    pub before: serde_json::Value,
    /// Value after; null for none.
    pub after: serde_json::Value,
}

/// Data of `ISSUE.ANALYSIS.COMPLETED` 1.0.0. The loop finished reading up on an issue and knows how
/// it means to solve it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct IssueAnalysisCompletedV100Data {
    /// `repository`.
    pub repository: Repository,
    /// Number within the repository. A whole number, at least 1.
    #[serde(rename = "issueNumber")]
    pub issue_number: i64,
    /// What the issue comes down to. Personal (free-text).
    pub summary: String,
    /// How it is going to be solved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approach: Option<String>,
    /// Ways that were weighed and not taken.
    #[serde(rename = "alternativesRejected", default, skip_serializing_if = "Option::is_none")]
    pub alternatives_rejected: Option<Vec<IssueAnalysisCompletedV100DataAlternativesRejectedItem>>,
    /// What could go wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risks: Option<Vec<String>>,
    /// How hard it looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complexity: Option<IssueAnalysisCompletedV100DataComplexity>,
    /// How sure the loop is of its understanding. At least 0, at most 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Time the analysis took, in milliseconds. A whole number, at least 0.
    #[serde(rename = "durationMs", default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// The full report.
    #[serde(rename = "reportDigest", default, skip_serializing_if = "Option::is_none")]
    pub report_digest: Option<Digest>,
    /// `reportReference`.
    #[serde(rename = "reportReference", default, skip_serializing_if = "Option::is_none")]
    pub report_reference: Option<Reference>,
    /// `resourcesAccessed`.
    #[serde(rename = "resourcesAccessed")]
    pub resources_accessed: Resources,
}

/// `IssueAnalysisCompletedV100DataComplexity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum IssueAnalysisCompletedV100DataComplexity {
    /// `low`.
    #[serde(rename = "low")]
    Low,
    /// `medium`.
    #[serde(rename = "medium")]
    Medium,
    /// `high`.
    #[serde(rename = "high")]
    High,
}

/// `IssueAnalysisCompletedV100DataAlternativesRejectedItem`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct IssueAnalysisCompletedV100DataAlternativesRejectedItem {
    /// The way.
    pub approach: String,
    /// Why not.
    pub reason: String,
}

/// Data of `ISSUE.ANALYSIS.COMPLETED` 1.1.0. The loop finished reading up on an issue and knows how
/// it means to solve it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct IssueAnalysisCompletedData {
    /// `repository`.
    pub repository: Repository,
    /// Number within the repository. A whole number, at least 1.
    #[serde(rename = "issueNumber")]
    pub issue_number: i64,
    /// What the issue comes down to. Personal (free-text).
    pub summary: String,
    /// How it is going to be solved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approach: Option<String>,
    /// Ways that were weighed and not taken.
    #[serde(rename = "alternativesRejected", default, skip_serializing_if = "Option::is_none")]
    pub alternatives_rejected: Option<Vec<IssueAnalysisCompletedDataAlternativesRejectedItem>>,
    /// What could go wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risks: Option<Vec<String>>,
    /// How hard it looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complexity: Option<IssueAnalysisCompletedDataComplexity>,
    /// How sure the loop is of its understanding. At least 0, at most 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Time the analysis took, in milliseconds. A whole number, at least 0.
    #[serde(rename = "durationMs", default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// The full report.
    #[serde(rename = "reportDigest", default, skip_serializing_if = "Option::is_none")]
    pub report_digest: Option<Digest>,
    /// `reportReference`.
    #[serde(rename = "reportReference", default, skip_serializing_if = "Option::is_none")]
    pub report_reference: Option<Reference>,
    /// `resourcesAccessed`.
    #[serde(rename = "resourcesAccessed")]
    pub resources_accessed: Resources,
    /// Why this way, and not one of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `IssueAnalysisCompletedDataComplexity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum IssueAnalysisCompletedDataComplexity {
    /// `low`.
    #[serde(rename = "low")]
    Low,
    /// `medium`.
    #[serde(rename = "medium")]
    Medium,
    /// `high`.
    #[serde(rename = "high")]
    High,
}

/// `IssueAnalysisCompletedDataAlternativesRejectedItem`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct IssueAnalysisCompletedDataAlternativesRejectedItem {
    /// The way.
    pub approach: String,
    /// Why not.
    pub reason: String,
}

/// Data of `ISSUE.ASSIGNED.SUCCESS` 1.0.0. An issue was assigned, usually to the loop itself, so
/// that nobody else starts on it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct IssueAssignedSuccessData {
    /// `repository`.
    pub repository: Repository,
    /// Number within the repository. A whole number, at least 1.
    #[serde(rename = "issueNumber")]
    pub issue_number: i64,
    /// Login it is assigned to, the loop's own or a person's. Personal (person).
    pub assignee: String,
    /// Login it was assigned to before; null for nobody. Personal (person).
    #[serde(rename = "previousAssignee", default, skip_serializing_if = "Option::is_none")]
    pub previous_assignee: Option<String>,
    /// Why it changed hands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Data of `ISSUE.SELECTED.SUCCESS` 1.0.0. The loop chose an issue to work on next.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct IssueSelectedSuccessData {
    /// `repository`.
    pub repository: Repository,
    /// Number within the repository. A whole number, at least 1.
    #[serde(rename = "issueNumber")]
    pub issue_number: i64,
    /// Title at the time. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where a person can read it. Of the format uri.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Login of whoever opened it. Personal (person).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Labels at the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// Why this one.
    pub reason: String,
    /// The rules it was chosen by, with the values they took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criteria: Option<serde_json::Map<String, serde_json::Value>>,
    /// Issues that were weighed, this one included. A whole number, at least 1.
    #[serde(rename = "candidatesConsidered", default, skip_serializing_if = "Option::is_none")]
    pub candidates_considered: Option<i64>,
    /// `resourcesAccessed`.
    #[serde(rename = "resourcesAccessed", default, skip_serializing_if = "Option::is_none")]
    pub resources_accessed: Option<Resources>,
}

/// Data of `SYSTEM.ERROR.OCCURRED` 1.0.0. A component of the loop itself failed.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SystemErrorOccurredData {
    /// Component that failed.
    pub component: String,
    /// What it was doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What went wrong, as a code.
    #[serde(rename = "errorCode")]
    pub error_code: String,
    /// What went wrong, in words. Personal (free-text).
    pub message: String,
    /// How bad it is.
    pub severity: SystemErrorOccurredDataSeverity,
    /// Whether the component went on by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered: Option<bool>,
    /// Where in the program, cut short where it is long. Personal (free-text).
    #[serde(rename = "stackTrace", default, skip_serializing_if = "Option::is_none")]
    pub stack_trace: Option<String>,
    /// Values that help to understand it, without secrets. Personal (personal).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<serde_json::Map<String, serde_json::Value>>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue that was worked on. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
}

/// `SystemErrorOccurredDataSeverity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum SystemErrorOccurredDataSeverity {
    /// `warning`.
    #[serde(rename = "warning")]
    Warning,
    /// `error`.
    #[serde(rename = "error")]
    Error,
    /// `critical`.
    #[serde(rename = "critical")]
    Critical,
}

/// Data of `SYSTEM.ESCALATION.RESOLVED` 1.0.0. An escalation was dealt with, and the loop goes on
/// or stops for good.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SystemEscalationResolvedV100Data {
    /// The escalation.
    #[serde(rename = "escalationId")]
    pub escalation_id: String,
    /// What became of it, such as `fixed`, `overridden` or `abandoned`.
    pub resolution: String,
    /// Login of whoever dealt with it. Personal (person).
    #[serde(rename = "resolvedBy")]
    pub resolved_by: String,
    /// Why it was decided so. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was done. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// From call to resolution, in seconds. A whole number, at least 0.
    #[serde(rename = "openSeconds", default, skip_serializing_if = "Option::is_none")]
    pub open_seconds: Option<i64>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it is about. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// Pull request it is about. A whole number, at least 1.
    #[serde(rename = "pullRequestNumber", default, skip_serializing_if = "Option::is_none")]
    pub pull_request_number: Option<i64>,
}

/// Data of `SYSTEM.ESCALATION.RESOLVED` 1.1.0. An escalation was dealt with, and the loop goes on
/// or stops for good.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SystemEscalationResolvedData {
    /// The escalation.
    #[serde(rename = "escalationId")]
    pub escalation_id: String,
    /// What became of it, such as `fixed`, `overridden` or `abandoned`.
    pub resolution: String,
    /// Login of whoever dealt with it. Personal (person).
    #[serde(rename = "resolvedBy")]
    pub resolved_by: String,
    /// Why it was decided so. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was done. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// From call to resolution, in seconds. A whole number, at least 0.
    #[serde(rename = "openSeconds", default, skip_serializing_if = "Option::is_none")]
    pub open_seconds: Option<i64>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it is about. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// Pull request it is about. A whole number, at least 1.
    #[serde(rename = "pullRequestNumber", default, skip_serializing_if = "Option::is_none")]
    pub pull_request_number: Option<i64>,
    /// What whoever dealt with it made different, field by field. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// What they looked at for it.
    #[serde(rename = "resourcesAccessed", default, skip_serializing_if = "Option::is_none")]
    pub resources_accessed: Option<Resources>,
}

/// Data of `SYSTEM.ESCALATION.TRIGGERED` 1.0.0. The loop gave up on deciding something by itself
/// and called for a person.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SystemEscalationTriggeredData {
    /// The escalation, for its resolution to name.
    #[serde(rename = "escalationId")]
    pub escalation_id: String,
    /// Rule that fired, such as `retries-exhausted` or `approval-expired`.
    pub trigger: String,
    /// How much it matters.
    pub severity: SystemEscalationTriggeredDataSeverity,
    /// Why the loop cannot go on alone.
    pub reason: String,
    /// What people are told of it. Personal (free-text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Attempts made before. A whole number, at least 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<i64>,
    /// People or groups called. Personal (person).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notified: Option<Vec<String>>,
    /// How they were called, such as `email` or `chat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue it is about. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
    /// Pull request it is about. A whole number, at least 1.
    #[serde(rename = "pullRequestNumber", default, skip_serializing_if = "Option::is_none")]
    pub pull_request_number: Option<i64>,
}

/// `SystemEscalationTriggeredDataSeverity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum SystemEscalationTriggeredDataSeverity {
    /// `low`.
    #[serde(rename = "low")]
    Low,
    /// `medium`.
    #[serde(rename = "medium")]
    Medium,
    /// `high`.
    #[serde(rename = "high")]
    High,
    /// `critical`.
    #[serde(rename = "critical")]
    Critical,
}

/// Data of `SYSTEM.RETRY.EXHAUSTED` 1.0.0. Something was tried as often as it may be, and failed
/// each time.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SystemRetryExhaustedData {
    /// What was tried.
    pub operation: String,
    /// How often it was tried. A whole number, at least 1.
    pub attempts: i64,
    /// How often it may be tried. A whole number, at least 1.
    #[serde(rename = "maxAttempts")]
    pub max_attempts: i64,
    /// From first attempt to last failure, in milliseconds. A whole number, at least 0.
    #[serde(rename = "elapsedMs", default, skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<i64>,
    /// What went wrong last, as a code.
    #[serde(rename = "lastErrorCode")]
    pub last_error_code: String,
    /// What went wrong last, in words. Personal (free-text).
    #[serde(rename = "lastErrorMessage", default, skip_serializing_if = "Option::is_none")]
    pub last_error_message: Option<String>,
    /// What happens now, such as `escalate` or `abandon`.
    #[serde(rename = "nextAction", default, skip_serializing_if = "Option::is_none")]
    pub next_action: Option<String>,
    /// `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Issue that was worked on. A whole number, at least 1.
    #[serde(rename = "issueNumber", default, skip_serializing_if = "Option::is_none")]
    pub issue_number: Option<i64>,
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
