// Events of Tamma, catalog tamma 1.1.0.
// Written by `daybook emit typescript --app tamma`; changes belong in the catalog.
//
// What types cannot say (bounds, patterns, formats) stands in the comments; Daybook checks it.
// Numbers of the formats decimal and int64 may be text as well, as a double cannot hold them all.

/**
 * Owner and name, with the groups between them where a platform nests. Matches
 * `^[^/\s]+(/[^/\s]+)+$`.
 */
export type Repository = string;

/**
 * Hash of content that is kept elsewhere, with the function before the colon. Matches
 * `^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`.
 */
export type Digest = string;

/** Full id of a Git commit. Matches `^([0-9a-f]{40}|[0-9a-f]{64})$`. */
export type Commit = string;

/** Where the whole content lies, as a URI. */
export type Reference = string;

/** Something the loop looked at to come to what the event says. */
export interface Resource {
  /** Kind of thing, such as `file`, `issue`, `pull-request`, `log` or `web-page`. */
  kind: string;
  /** Which one: a path, a number, an address. */
  id: string;
  /** Content at the time. */
  digest?: Digest;
  /** How confidential it is, as the owner classifies it. */
  classification?: string;
}

/** Everything that was read for it. */
export type Resources = Array<Resource>;

/** One thing that has another value than before. */
export interface Change {
  /** What changed. */
  field: string;
  /** Value before; null for none. */
  before: unknown;
  /** Value after; null for none. */
  after: unknown;
}

/** Everything that changed. */
export type Changes = Array<Change>;

/** Data of `AI.ERROR.OCCURRED` 1.0.0. A request to a model failed. Category ai, priority high. */
export interface AiErrorOccurredData {
  /** The request that failed. */
  requestId: string;
  /** Provider asked. */
  provider: string;
  /** Model asked. */
  model?: string;
  /** What went wrong, in the provider's code or the loop's own. */
  errorCode: string;
  /** What went wrong, in words. Personal (free-text). */
  message: string;
  /** Status of the answer. A whole number, at least 100, at most 599. */
  httpStatus?: number;
  /** Whether trying again may help. */
  retryable: boolean;
  /** Which attempt failed. A whole number, at least 1. */
  attempt?: number;
  /** Time the provider asked to wait, in milliseconds. A whole number, at least 0. */
  retryAfterMs?: number;
  repository?: Repository;
  /** Issue it was for. A whole number, at least 1. */
  issueNumber?: number;
}

/**
 * Data of `AI.PROVIDER.SELECTED` 1.0.0. The loop decided which model gets a task. Category ai,
 * priority normal.
 */
export interface AiProviderSelectedData {
  /** The task, such as `code-generation` or `review`. */
  task: string;
  /** Provider chosen. */
  provider: string;
  /** Model chosen. */
  model: string;
  /** Why this one. */
  reason: string;
  /** Name of the rule that decided, where one did. */
  policy?: string;
  /** What else was weighed, with what spoke for or against it. */
  candidates?: Array<{
    /** Provider weighed. */
    provider: string;
    /** Model weighed. */
    model: string;
    /** How well it did, higher being better. */
    score?: number;
    /** Why not. */
    rejectedBecause?: string;
  }>;
  repository?: Repository;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
}

/** Data of `AI.REQUEST.STARTED` 1.0.0. A request went out to a model. Category ai, priority normal. */
export interface AiRequestStartedV100Data {
  /** The request, for its response or error to name. */
  requestId: string;
  /** Provider asked. */
  provider: string;
  /** Model asked. */
  model: string;
  /** What it was asked for, such as `code-generation` or `review`. */
  purpose: string;
  /** Everything that was sent. */
  promptDigest: Digest;
  promptReference?: Reference;
  /** Tokens sent, as counted beforehand. A whole number, at least 0. */
  promptTokens?: number;
  /** Settings of the request, such as temperature and limits. */
  parameters?: Record<string, unknown>;
  /** Which attempt this is. A whole number, at least 1. */
  attempt?: number;
  repository?: Repository;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
  /** What the prompt contains of other things. */
  resourcesAccessed?: Resources;
}

/** Data of `AI.REQUEST.STARTED` 1.1.0. A request went out to a model. Category ai, priority normal. */
export interface AiRequestStartedData {
  /** The request, for its response or error to name. */
  requestId: string;
  /** Provider asked. */
  provider: string;
  /** Model asked. */
  model: string;
  /** What it was asked for, such as `code-generation` or `review`. */
  purpose: string;
  /** Everything that was sent. */
  promptDigest: Digest;
  promptReference?: Reference;
  /** Tokens sent, as counted beforehand. A whole number, at least 0. */
  promptTokens?: number;
  /** Settings of the request, such as temperature and limits. */
  parameters?: Record<string, unknown>;
  /** Which attempt this is. A whole number, at least 1. */
  attempt?: number;
  repository?: Repository;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
  /** What the prompt contains of other things. */
  resourcesAccessed?: Resources;
  /** Why it was asked, where the purpose does not say it. */
  reason?: string;
}

/** Data of `AI.RESPONSE.RECEIVED` 1.0.0. A model answered. Category ai, priority normal. */
export interface AiResponseReceivedV100Data {
  /** The request it answers. */
  requestId: string;
  /** Provider that answered. */
  provider: string;
  /** Model that answered, which may be a dated form of the one asked. */
  model: string;
  /** Everything that came back. */
  responseDigest: Digest;
  responseReference?: Reference;
  /** Why it stopped, in the provider's word. */
  finishReason?: string;
  /** Tokens charged for what was sent. A whole number, at least 0. */
  inputTokens: number;
  /** Tokens charged for what came back. A whole number, at least 0. */
  outputTokens: number;
  /**
   * Price of the whole exchange, in US dollars. A number, or the same as text, of up to 28 digits,
   * at least 0.
   */
  costUsd?: number | string;
  /** From request to the end of the answer, in milliseconds. A whole number, at least 0. */
  durationMs: number;
  /** What the model asked to be done, in order. */
  toolCalls?: Array<{
    /** Tool called. */
    name: string;
    /** What it was called with. */
    argumentsDigest?: Digest;
  }>;
  repository?: Repository;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
}

/** Data of `AI.RESPONSE.RECEIVED` 1.1.0. A model answered. Category ai, priority normal. */
export interface AiResponseReceivedData {
  /** The request it answers. */
  requestId: string;
  /** Provider that answered. */
  provider: string;
  /** Model that answered, which may be a dated form of the one asked. */
  model: string;
  /** Everything that came back. */
  responseDigest: Digest;
  responseReference?: Reference;
  /** Why it stopped, in the provider's word. */
  finishReason?: string;
  /** Tokens charged for what was sent. A whole number, at least 0. */
  inputTokens: number;
  /** Tokens charged for what came back. A whole number, at least 0. */
  outputTokens: number;
  /**
   * Price of the whole exchange, in US dollars. A number, or the same as text, of up to 28 digits,
   * at least 0.
   */
  costUsd?: number | string;
  /** From request to the end of the answer, in milliseconds. A whole number, at least 0. */
  durationMs: number;
  /** What the model asked to be done, in order. */
  toolCalls?: Array<{
    /** Tool called. */
    name: string;
    /** What it was called with. */
    argumentsDigest?: Digest;
  }>;
  repository?: Repository;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
  /** What the model read on the way, by its tools. */
  resourcesAccessed?: Resources;
}

/**
 * Data of `APPROVAL.PROVIDED` 1.0.0. A person agreed to what the loop asked for. Category approval,
 * priority high.
 */
export interface ApprovalProvidedV100Data {
  /** The question answered. */
  approvalId: string;
  /** Login of whoever decided. Personal (person). */
  approver: string;
  /** How far the agreement goes. */
  decision: "approved" | "approved-with-conditions";
  /** What it depends on, where it does. Personal (free-text). */
  conditions?: Array<string>;
  /** Exactly what was approved. */
  subjectDigest: Digest;
  /** What the person wrote, if anything. Personal (free-text). */
  comment?: string;
  /** Where the answer was given, such as `web`, `cli` or `pull-request`. */
  channel?: string;
  /** How the person had proved who they are, such as `passkey`. */
  authentication?: string;
  repository?: Repository;
  /** Issue it is about. A whole number, at least 1. */
  issueNumber?: number;
  /** Pull request it is about. A whole number, at least 1. */
  pullRequestNumber?: number;
}

/**
 * Data of `APPROVAL.PROVIDED` 1.1.0. A person agreed to what the loop asked for. Category approval,
 * priority high.
 */
export interface ApprovalProvidedData {
  /** The question answered. */
  approvalId: string;
  /** Login of whoever decided. Personal (person). */
  approver: string;
  /** How far the agreement goes. */
  decision: "approved" | "approved-with-conditions";
  /** What it depends on, where it does. Personal (free-text). */
  conditions?: Array<string>;
  /** Exactly what was approved. */
  subjectDigest: Digest;
  /** What the person wrote, if anything. Personal (free-text). */
  comment?: string;
  /** Where the answer was given, such as `web`, `cli` or `pull-request`. */
  channel?: string;
  /** How the person had proved who they are, such as `passkey`. */
  authentication?: string;
  repository?: Repository;
  /** Issue it is about. A whole number, at least 1. */
  issueNumber?: number;
  /** Pull request it is about. A whole number, at least 1. */
  pullRequestNumber?: number;
  /** Why it was agreed to, as the person gave it. Personal (free-text). */
  reason?: string;
  /** What the person was shown or opened for it. */
  resourcesAccessed?: Resources;
}

/**
 * Data of `APPROVAL.REJECTED` 1.0.0. A person said no to what the loop asked for. Category
 * approval, priority high.
 */
export interface ApprovalRejectedV100Data {
  /** The question answered. */
  approvalId: string;
  /** Login of whoever decided. Personal (person). */
  approver: string;
  /** Exactly what was turned down. */
  subjectDigest: Digest;
  /** Why. Personal (free-text). */
  reason: string;
  /** What would have to be different. Personal (free-text). */
  requestedChanges?: Array<string>;
  /** Where the answer was given, such as `web`, `cli` or `pull-request`. */
  channel?: string;
  /** How the person had proved who they are, such as `passkey`. */
  authentication?: string;
  repository?: Repository;
  /** Issue it is about. A whole number, at least 1. */
  issueNumber?: number;
  /** Pull request it is about. A whole number, at least 1. */
  pullRequestNumber?: number;
}

/**
 * Data of `APPROVAL.REJECTED` 1.1.0. A person said no to what the loop asked for. Category
 * approval, priority high.
 */
export interface ApprovalRejectedData {
  /** The question answered. */
  approvalId: string;
  /** Login of whoever decided. Personal (person). */
  approver: string;
  /** Exactly what was turned down. */
  subjectDigest: Digest;
  /** Why. Personal (free-text). */
  reason: string;
  /** What would have to be different. Personal (free-text). */
  requestedChanges?: Array<string>;
  /** Where the answer was given, such as `web`, `cli` or `pull-request`. */
  channel?: string;
  /** How the person had proved who they are, such as `passkey`. */
  authentication?: string;
  repository?: Repository;
  /** Issue it is about. A whole number, at least 1. */
  issueNumber?: number;
  /** Pull request it is about. A whole number, at least 1. */
  pullRequestNumber?: number;
  /** What the person was shown or opened for it. */
  resourcesAccessed?: Resources;
}

/**
 * Data of `APPROVAL.REQUESTED` 1.0.0. The loop stopped to ask people before it goes on. Category
 * approval, priority high.
 */
export interface ApprovalRequestedData {
  /** The question, for the answer to name. */
  approvalId: string;
  /** What is to be approved, such as `plan`, `merge` or `config-change`. */
  subject: string;
  /** Exactly what is to be approved. */
  subjectDigest: Digest;
  subjectReference?: Reference;
  /** What people are told of it. Personal (free-text). */
  summary?: string;
  /** Why the loop may not decide this alone. */
  reason: string;
  /** How much depends on it. */
  risk?: "low" | "medium" | "high";
  /** People or groups asked. Personal (person). */
  requestedFrom?: Array<string>;
  /** When silence becomes an escalation. Of the format date-time. */
  expiresAt?: string;
  repository?: Repository;
  /** Issue it is about. A whole number, at least 1. */
  issueNumber?: number;
  /** Pull request it is about. A whole number, at least 1. */
  pullRequestNumber?: number;
}

/**
 * Data of `CODE.COMMIT.CREATED` 1.0.0. The loop committed its changes. Category code, priority
 * normal.
 */
export interface CodeCommitCreatedV100Data {
  repository: Repository;
  /** Branch committed to. */
  branch: string;
  commit: Commit;
  /** Commits it builds on; none for the first. */
  parents: Array<Commit>;
  /** The message, whole. Personal (free-text). */
  message: string;
  /** Login of the author; what Git records of them is in the commit. Personal (person). */
  author?: string;
  /** Paths it touches. */
  filesChanged: Array<string>;
  /** Lines that are new. A whole number, at least 0. */
  linesAdded?: number;
  /** Lines that are gone. A whole number, at least 0. */
  linesRemoved?: number;
  /** Whether it carries a signature. */
  signed?: boolean;
  /** Fingerprint of what it is signed with, where it is. Personal (identifier). */
  signedBy?: string;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
}

/**
 * Data of `CODE.COMMIT.CREATED` 1.1.0. The loop committed its changes. Category code, priority
 * normal.
 */
export interface CodeCommitCreatedData {
  repository: Repository;
  /** Branch committed to. */
  branch: string;
  commit: Commit;
  /** Commits it builds on; none for the first. */
  parents: Array<Commit>;
  /** The message, whole. Personal (free-text). */
  message: string;
  /** Login of the author; what Git records of them is in the commit. Personal (person). */
  author?: string;
  /** Paths it touches. */
  filesChanged: Array<string>;
  /** Lines that are new. A whole number, at least 0. */
  linesAdded?: number;
  /** Lines that are gone. A whole number, at least 0. */
  linesRemoved?: number;
  /** Whether it carries a signature. */
  signed?: boolean;
  /** Fingerprint of what it is signed with, where it is. Personal (identifier). */
  signedBy?: string;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
  /** Why these changes belong together, as the loop sees it. */
  reason?: string;
  /** The difference to its first parent. */
  diffDigest?: Digest;
  diffReference?: Reference;
}

/**
 * Data of `CODE.FILE.CREATED` 1.0.0. The loop wrote a file that was not there. Category code,
 * priority normal.
 */
export interface CodeFileCreatedV100Data {
  repository: Repository;
  /** Branch it was written on. */
  branch: string;
  /** Path from the root of the repository, with forward slashes. */
  path: string;
  /** The content. */
  digestAfter: Digest;
  /** Size of the content. A whole number, at least 0. */
  sizeBytes?: number;
  /** Lines it has. A whole number, at least 0. */
  linesAdded?: number;
  /** Why it is needed. */
  reason: string;
  /** Request to a model that it came from, where it did. */
  requestId?: string;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
}

/**
 * Data of `CODE.FILE.CREATED` 1.1.0. The loop wrote a file that was not there. Category code,
 * priority normal.
 */
export interface CodeFileCreatedData {
  repository: Repository;
  /** Branch it was written on. */
  branch: string;
  /** Path from the root of the repository, with forward slashes. */
  path: string;
  /** The content. */
  digestAfter: Digest;
  /** Size of the content. A whole number, at least 0. */
  sizeBytes?: number;
  /** Lines it has. A whole number, at least 0. */
  linesAdded?: number;
  /** Why it is needed. */
  reason: string;
  /** Request to a model that it came from, where it did. */
  requestId?: string;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
  resourcesAccessed?: Resources;
}

/** Data of `CODE.FILE.DELETED` 1.0.0. The loop removed a file. Category code, priority normal. */
export interface CodeFileDeletedV100Data {
  repository: Repository;
  /** Branch it was removed on. */
  branch: string;
  /** Path it had, from the root of the repository. */
  path: string;
  /** The content it had. */
  digestBefore: Digest;
  /** Lines it had. A whole number, at least 0. */
  linesRemoved?: number;
  /** Why it is not needed any more. */
  reason: string;
  /** Request to a model that it came from, where it did. */
  requestId?: string;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
}

/** Data of `CODE.FILE.DELETED` 1.1.0. The loop removed a file. Category code, priority normal. */
export interface CodeFileDeletedData {
  repository: Repository;
  /** Branch it was removed on. */
  branch: string;
  /** Path it had, from the root of the repository. */
  path: string;
  /** The content it had. */
  digestBefore: Digest;
  /** Lines it had. A whole number, at least 0. */
  linesRemoved?: number;
  /** Why it is not needed any more. */
  reason: string;
  /** Request to a model that it came from, where it did. */
  requestId?: string;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
  resourcesAccessed?: Resources;
}

/** Data of `CODE.FILE.UPDATED` 1.0.0. The loop changed a file. Category code, priority normal. */
export interface CodeFileUpdatedV100Data {
  repository: Repository;
  /** Branch it was changed on. */
  branch: string;
  /** Path from the root of the repository, with forward slashes. */
  path: string;
  /** Path before, where it was moved as well. */
  previousPath?: string;
  /** The content before. */
  digestBefore: Digest;
  /** The content after. */
  digestAfter: Digest;
  /** The difference between the two. */
  diffDigest?: Digest;
  diffReference?: Reference;
  /** Lines that are new. A whole number, at least 0. */
  linesAdded?: number;
  /** Lines that are gone. A whole number, at least 0. */
  linesRemoved?: number;
  /** Why it was changed. */
  reason: string;
  /** Request to a model that it came from, where it did. */
  requestId?: string;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
}

/** Data of `CODE.FILE.UPDATED` 1.1.0. The loop changed a file. Category code, priority normal. */
export interface CodeFileUpdatedData {
  repository: Repository;
  /** Branch it was changed on. */
  branch: string;
  /** Path from the root of the repository, with forward slashes. */
  path: string;
  /** Path before, where it was moved as well. */
  previousPath?: string;
  /** The content before. */
  digestBefore: Digest;
  /** The content after. */
  digestAfter: Digest;
  /** The difference between the two. */
  diffDigest?: Digest;
  diffReference?: Reference;
  /** Lines that are new. A whole number, at least 0. */
  linesAdded?: number;
  /** Lines that are gone. A whole number, at least 0. */
  linesRemoved?: number;
  /** Why it was changed. */
  reason: string;
  /** Request to a model that it came from, where it did. */
  requestId?: string;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
  resourcesAccessed?: Resources;
}

/**
 * Data of `CONFIG.CHANGED` 1.0.0. A setting has another value than before. Category config,
 * priority high.
 */
export interface ConfigChangedData {
  /** What it applies to, such as `global` or `project:acme/checkout`. */
  scope: string;
  /** The setting, dotted. */
  key: string;
  /** Value before; null where it was not set, a digest where it is a secret. */
  before: unknown;
  /** Value after; null where it is not set any more, a digest where it is a secret. */
  after: unknown;
  /** Whether the value is one, so that only digests stand here. */
  secret?: boolean;
  /** Why it was changed. */
  reason: string;
  /** Approval it rests on, where it needs one. */
  approvalId?: string;
}

/**
 * Data of `CONFIG.PLATFORM.ADDED` 1.0.0. A platform that hosts repositories may be worked on from
 * now on. Category config, priority high.
 */
export interface ConfigPlatformAddedData {
  /** Name it is called by. */
  platform: string;
  /** Kind of platform, such as `github` or `gitlab`. */
  kind: string;
  /** Where it is reached. Of the format uri. */
  endpoint?: string;
  /** Repositories to work on, patterns allowed. */
  repositories?: Array<string>;
  /** What the loop may do there. */
  permissions: Array<string>;
  /** Name of the secret used for it, never the secret. */
  credentialName?: string;
  /** Why it was added. */
  reason: string;
  /** Approval it rests on, where it needs one. */
  approvalId?: string;
}

/**
 * Data of `CONFIG.PROVIDER.ADDED` 1.0.0. A provider of models may be used from now on. Category
 * config, priority high.
 */
export interface ConfigProviderAddedData {
  /** Name it is called by. */
  provider: string;
  /** Kind of interface it speaks, such as `anthropic` or `openai-compatible`. */
  kind: string;
  /** Where it is reached. Of the format uri. */
  endpoint?: string;
  /** Models that may be used. */
  models: Array<string>;
  /** Where the data goes, as far as the provider promises. */
  region?: string;
  /** Name of the secret used for it, never the secret. */
  credentialName?: string;
  /** Whether it is in use at once. */
  enabled?: boolean;
  /** Why it was added. */
  reason: string;
  /** Approval it rests on, where it needs one. */
  approvalId?: string;
}

/**
 * Data of `GIT.BRANCH.CREATED` 1.0.0. The loop made a branch to work on. Category git, priority
 * normal.
 */
export interface GitBranchCreatedData {
  repository: Repository;
  /** The new branch. */
  branch: string;
  /** Branch it starts from. */
  baseBranch: string;
  /** Commit it starts from. */
  baseCommit: Commit;
  /** What it is for. */
  reason?: string;
  /** Issue it is for. A whole number, at least 1. */
  issueNumber?: number;
}

/**
 * Data of `GIT.PULL_REQUEST.CREATED` 1.0.0. The loop opened a pull request. Category git, priority
 * normal.
 */
export interface GitPullRequestCreatedV100Data {
  repository: Repository;
  /** Number within the repository. A whole number, at least 1. */
  pullRequestNumber: number;
  /** Issue it solves. A whole number, at least 1. */
  issueNumber?: number;
  /** Title. Personal (free-text). */
  title: string;
  /** Where a person can read it. Of the format uri. */
  url?: string;
  /** Branch to be merged. */
  branch: string;
  /** Branch it is to be merged into. */
  baseBranch: string;
  /** Last commit of the branch. */
  headCommit: Commit;
  /** Its description as posted. */
  bodyDigest?: Digest;
  /** Whether it is marked as not ready. */
  draft?: boolean;
  /** Logins of the people asked to review. Personal (person). */
  reviewersRequested?: Array<string>;
}

/**
 * Data of `GIT.PULL_REQUEST.CREATED` 1.1.0. The loop opened a pull request. Category git, priority
 * normal.
 */
export interface GitPullRequestCreatedData {
  repository: Repository;
  /** Number within the repository. A whole number, at least 1. */
  pullRequestNumber: number;
  /** Issue it solves. A whole number, at least 1. */
  issueNumber?: number;
  /** Title. Personal (free-text). */
  title: string;
  /** Where a person can read it. Of the format uri. */
  url?: string;
  /** Branch to be merged. */
  branch: string;
  /** Branch it is to be merged into. */
  baseBranch: string;
  /** Last commit of the branch. */
  headCommit: Commit;
  /** Its description as posted. */
  bodyDigest?: Digest;
  /** Whether it is marked as not ready. */
  draft?: boolean;
  /** Logins of the people asked to review. Personal (person). */
  reviewersRequested?: Array<string>;
  /** What it would change in the branch it is meant for. */
  diffDigest?: Digest;
  /** Why it was opened. */
  reason?: string;
}

/**
 * Data of `GIT.PULL_REQUEST.MERGED` 1.0.0. A pull request of the loop became part of the branch it
 * was meant for. Category git, priority high.
 */
export interface GitPullRequestMergedV100Data {
  repository: Repository;
  /** Number within the repository. A whole number, at least 1. */
  pullRequestNumber: number;
  /** Issue it solves. A whole number, at least 1. */
  issueNumber?: number;
  /** Branch merged into. */
  baseBranch: string;
  /** Its last commit before. */
  baseCommitBefore?: Commit;
  /** Last commit merged, the one that was approved. */
  headCommit: Commit;
  /** Commit that came of it. */
  commit: Commit;
  /** How the histories were joined. */
  method: "merge" | "squash" | "rebase";
  /** Login of whoever merged. Personal (person). */
  mergedBy: string;
  /** Approvals it rests on. */
  approvalIds?: Array<string>;
  /** Logins of the people who approved. Personal (person). */
  approvedBy?: Array<string>;
  /** Automatic checks of the last commit. */
  checks?: Array<{
    /** The check. */
    name: string;
    /** How it ended. */
    conclusion: string;
  }>;
  /** Why it could be merged, such as the rule that allows it. */
  reason?: string;
}

/**
 * Data of `GIT.PULL_REQUEST.MERGED` 1.1.0. A pull request of the loop became part of the branch it
 * was meant for. Category git, priority high.
 */
export interface GitPullRequestMergedData {
  repository: Repository;
  /** Number within the repository. A whole number, at least 1. */
  pullRequestNumber: number;
  /** Issue it solves. A whole number, at least 1. */
  issueNumber?: number;
  /** Branch merged into. */
  baseBranch: string;
  /** Its last commit before. */
  baseCommitBefore?: Commit;
  /** Last commit merged, the one that was approved. */
  headCommit: Commit;
  /** Commit that came of it. */
  commit: Commit;
  /** How the histories were joined. */
  method: "merge" | "squash" | "rebase";
  /** Login of whoever merged. Personal (person). */
  mergedBy: string;
  /** Approvals it rests on. */
  approvalIds?: Array<string>;
  /** Logins of the people who approved. Personal (person). */
  approvedBy?: Array<string>;
  /** Automatic checks of the last commit. */
  checks?: Array<{
    /** The check. */
    name: string;
    /** How it ended. */
    conclusion: string;
  }>;
  /** Why it could be merged, such as the rule that allows it. */
  reason?: string;
  /** What it changed in the branch merged into. */
  diffDigest?: Digest;
}

/**
 * Data of `GIT.PULL_REQUEST.UPDATED` 1.0.0. A pull request of the loop changed, by new commits or
 * in what is written on it. Category git, priority normal.
 */
export interface GitPullRequestUpdatedData {
  repository: Repository;
  /** Number within the repository. A whole number, at least 1. */
  pullRequestNumber: number;
  /** Issue it solves. A whole number, at least 1. */
  issueNumber?: number;
  /**
   * What is different, field by field; commits show as a change of `headCommit`. At least 1 items,
   * personal (free-text).
   */
  changes: Array<{
    /** What changed. */
    field: string;
    /** Value before; null for none. */
    before: unknown;
    /** Value after; null for none. */
    after: unknown;
  }>;
  /** Why it was changed. */
  reason: string;
}

/**
 * Data of `ISSUE.ANALYSIS.COMPLETED` 1.0.0. The loop finished reading up on an issue and knows how
 * it means to solve it. Category issue, priority normal.
 */
export interface IssueAnalysisCompletedV100Data {
  repository: Repository;
  /** Number within the repository. A whole number, at least 1. */
  issueNumber: number;
  /** What the issue comes down to. Personal (free-text). */
  summary: string;
  /** How it is going to be solved. */
  approach?: string;
  /** Ways that were weighed and not taken. */
  alternativesRejected?: Array<{
    /** The way. */
    approach: string;
    /** Why not. */
    reason: string;
  }>;
  /** What could go wrong. */
  risks?: Array<string>;
  /** How hard it looks. */
  complexity?: "low" | "medium" | "high";
  /** How sure the loop is of its understanding. At least 0, at most 1. */
  confidence?: number;
  /** Time the analysis took, in milliseconds. A whole number, at least 0. */
  durationMs?: number;
  /** The full report. */
  reportDigest?: Digest;
  reportReference?: Reference;
  resourcesAccessed: Resources;
}

/**
 * Data of `ISSUE.ANALYSIS.COMPLETED` 1.1.0. The loop finished reading up on an issue and knows how
 * it means to solve it. Category issue, priority normal.
 */
export interface IssueAnalysisCompletedData {
  repository: Repository;
  /** Number within the repository. A whole number, at least 1. */
  issueNumber: number;
  /** What the issue comes down to. Personal (free-text). */
  summary: string;
  /** How it is going to be solved. */
  approach?: string;
  /** Ways that were weighed and not taken. */
  alternativesRejected?: Array<{
    /** The way. */
    approach: string;
    /** Why not. */
    reason: string;
  }>;
  /** What could go wrong. */
  risks?: Array<string>;
  /** How hard it looks. */
  complexity?: "low" | "medium" | "high";
  /** How sure the loop is of its understanding. At least 0, at most 1. */
  confidence?: number;
  /** Time the analysis took, in milliseconds. A whole number, at least 0. */
  durationMs?: number;
  /** The full report. */
  reportDigest?: Digest;
  reportReference?: Reference;
  resourcesAccessed: Resources;
  /** Why this way, and not one of the others. */
  reason?: string;
}

/**
 * Data of `ISSUE.ASSIGNED.SUCCESS` 1.0.0. An issue was assigned, usually to the loop itself, so
 * that nobody else starts on it. Category issue, priority normal.
 */
export interface IssueAssignedSuccessData {
  repository: Repository;
  /** Number within the repository. A whole number, at least 1. */
  issueNumber: number;
  /** Login it is assigned to, the loop's own or a person's. Personal (person). */
  assignee: string;
  /** Login it was assigned to before; null for nobody. Personal (person). */
  previousAssignee?: string | null;
  /** Why it changed hands. */
  reason?: string;
}

/**
 * Data of `ISSUE.SELECTED.SUCCESS` 1.0.0. The loop chose an issue to work on next. Category issue,
 * priority normal.
 */
export interface IssueSelectedSuccessData {
  repository: Repository;
  /** Number within the repository. A whole number, at least 1. */
  issueNumber: number;
  /** Title at the time. Personal (free-text). */
  title?: string;
  /** Where a person can read it. Of the format uri. */
  url?: string;
  /** Login of whoever opened it. Personal (person). */
  author?: string;
  /** Labels at the time. */
  labels?: Array<string>;
  /** Why this one. */
  reason: string;
  /** The rules it was chosen by, with the values they took. */
  criteria?: Record<string, unknown>;
  /** Issues that were weighed, this one included. A whole number, at least 1. */
  candidatesConsidered?: number;
  resourcesAccessed?: Resources;
}

/**
 * Data of `SYSTEM.ERROR.OCCURRED` 1.0.0. A component of the loop itself failed. Category system,
 * priority high.
 */
export interface SystemErrorOccurredData {
  /** Component that failed. */
  component: string;
  /** What it was doing. */
  operation?: string;
  /** What went wrong, as a code. */
  errorCode: string;
  /** What went wrong, in words. Personal (free-text). */
  message: string;
  /** How bad it is. */
  severity: "warning" | "error" | "critical";
  /** Whether the component went on by itself. */
  recovered?: boolean;
  /** Where in the program, cut short where it is long. Personal (free-text). */
  stackTrace?: string;
  /** Values that help to understand it, without secrets. Personal (personal). */
  context?: Record<string, unknown>;
  repository?: Repository;
  /** Issue that was worked on. A whole number, at least 1. */
  issueNumber?: number;
}

/**
 * Data of `SYSTEM.ESCALATION.RESOLVED` 1.0.0. An escalation was dealt with, and the loop goes on or
 * stops for good. Category system, priority high.
 */
export interface SystemEscalationResolvedV100Data {
  /** The escalation. */
  escalationId: string;
  /** What became of it, such as `fixed`, `overridden` or `abandoned`. */
  resolution: string;
  /** Login of whoever dealt with it. Personal (person). */
  resolvedBy: string;
  /** Why it was decided so. Personal (free-text). */
  reason?: string;
  /** What was done. Personal (free-text). */
  summary?: string;
  /** From call to resolution, in seconds. A whole number, at least 0. */
  openSeconds?: number;
  repository?: Repository;
  /** Issue it is about. A whole number, at least 1. */
  issueNumber?: number;
  /** Pull request it is about. A whole number, at least 1. */
  pullRequestNumber?: number;
}

/**
 * Data of `SYSTEM.ESCALATION.RESOLVED` 1.1.0. An escalation was dealt with, and the loop goes on or
 * stops for good. Category system, priority high.
 */
export interface SystemEscalationResolvedData {
  /** The escalation. */
  escalationId: string;
  /** What became of it, such as `fixed`, `overridden` or `abandoned`. */
  resolution: string;
  /** Login of whoever dealt with it. Personal (person). */
  resolvedBy: string;
  /** Why it was decided so. Personal (free-text). */
  reason?: string;
  /** What was done. Personal (free-text). */
  summary?: string;
  /** From call to resolution, in seconds. A whole number, at least 0. */
  openSeconds?: number;
  repository?: Repository;
  /** Issue it is about. A whole number, at least 1. */
  issueNumber?: number;
  /** Pull request it is about. A whole number, at least 1. */
  pullRequestNumber?: number;
  /** What whoever dealt with it made different, field by field. Personal (free-text). */
  changes?: Changes;
  /** What they looked at for it. */
  resourcesAccessed?: Resources;
}

/**
 * Data of `SYSTEM.ESCALATION.TRIGGERED` 1.0.0. The loop gave up on deciding something by itself and
 * called for a person. Category system, priority critical.
 */
export interface SystemEscalationTriggeredData {
  /** The escalation, for its resolution to name. */
  escalationId: string;
  /** Rule that fired, such as `retries-exhausted` or `approval-expired`. */
  trigger: string;
  /** How much it matters. */
  severity: "low" | "medium" | "high" | "critical";
  /** Why the loop cannot go on alone. */
  reason: string;
  /** What people are told of it. Personal (free-text). */
  summary?: string;
  /** Attempts made before. A whole number, at least 0. */
  attempts?: number;
  /** People or groups called. Personal (person). */
  notified?: Array<string>;
  /** How they were called, such as `email` or `chat`. */
  channel?: string;
  repository?: Repository;
  /** Issue it is about. A whole number, at least 1. */
  issueNumber?: number;
  /** Pull request it is about. A whole number, at least 1. */
  pullRequestNumber?: number;
}

/**
 * Data of `SYSTEM.RETRY.EXHAUSTED` 1.0.0. Something was tried as often as it may be, and failed
 * each time. Category system, priority high.
 */
export interface SystemRetryExhaustedData {
  /** What was tried. */
  operation: string;
  /** How often it was tried. A whole number, at least 1. */
  attempts: number;
  /** How often it may be tried. A whole number, at least 1. */
  maxAttempts: number;
  /** From first attempt to last failure, in milliseconds. A whole number, at least 0. */
  elapsedMs?: number;
  /** What went wrong last, as a code. */
  lastErrorCode: string;
  /** What went wrong last, in words. Personal (free-text). */
  lastErrorMessage?: string;
  /** What happens now, such as `escalate` or `abandon`. */
  nextAction?: string;
  repository?: Repository;
  /** Issue that was worked on. A whole number, at least 1. */
  issueNumber?: number;
}

/** The data of the current version of every event type, by its name. */
export interface EventData {
  "AI.ERROR.OCCURRED": AiErrorOccurredData;
  "AI.PROVIDER.SELECTED": AiProviderSelectedData;
  "AI.REQUEST.STARTED": AiRequestStartedData;
  "AI.RESPONSE.RECEIVED": AiResponseReceivedData;
  "APPROVAL.PROVIDED": ApprovalProvidedData;
  "APPROVAL.REJECTED": ApprovalRejectedData;
  "APPROVAL.REQUESTED": ApprovalRequestedData;
  "CODE.COMMIT.CREATED": CodeCommitCreatedData;
  "CODE.FILE.CREATED": CodeFileCreatedData;
  "CODE.FILE.DELETED": CodeFileDeletedData;
  "CODE.FILE.UPDATED": CodeFileUpdatedData;
  "CONFIG.CHANGED": ConfigChangedData;
  "CONFIG.PLATFORM.ADDED": ConfigPlatformAddedData;
  "CONFIG.PROVIDER.ADDED": ConfigProviderAddedData;
  "GIT.BRANCH.CREATED": GitBranchCreatedData;
  "GIT.PULL_REQUEST.CREATED": GitPullRequestCreatedData;
  "GIT.PULL_REQUEST.MERGED": GitPullRequestMergedData;
  "GIT.PULL_REQUEST.UPDATED": GitPullRequestUpdatedData;
  "ISSUE.ANALYSIS.COMPLETED": IssueAnalysisCompletedData;
  "ISSUE.ASSIGNED.SUCCESS": IssueAssignedSuccessData;
  "ISSUE.SELECTED.SUCCESS": IssueSelectedSuccessData;
  "SYSTEM.ERROR.OCCURRED": SystemErrorOccurredData;
  "SYSTEM.ESCALATION.RESOLVED": SystemEscalationResolvedData;
  "SYSTEM.ESCALATION.TRIGGERED": SystemEscalationTriggeredData;
  "SYSTEM.RETRY.EXHAUSTED": SystemRetryExhaustedData;
}

/** The names of the event types. */
export type EventName = keyof EventData;

/** The data of every version, by name and version. */
export interface EventDataByVersion {
  "AI.ERROR.OCCURRED@1.0.0": AiErrorOccurredData;
  "AI.PROVIDER.SELECTED@1.0.0": AiProviderSelectedData;
  "AI.REQUEST.STARTED@1.0.0": AiRequestStartedV100Data;
  "AI.REQUEST.STARTED@1.1.0": AiRequestStartedData;
  "AI.RESPONSE.RECEIVED@1.0.0": AiResponseReceivedV100Data;
  "AI.RESPONSE.RECEIVED@1.1.0": AiResponseReceivedData;
  "APPROVAL.PROVIDED@1.0.0": ApprovalProvidedV100Data;
  "APPROVAL.PROVIDED@1.1.0": ApprovalProvidedData;
  "APPROVAL.REJECTED@1.0.0": ApprovalRejectedV100Data;
  "APPROVAL.REJECTED@1.1.0": ApprovalRejectedData;
  "APPROVAL.REQUESTED@1.0.0": ApprovalRequestedData;
  "CODE.COMMIT.CREATED@1.0.0": CodeCommitCreatedV100Data;
  "CODE.COMMIT.CREATED@1.1.0": CodeCommitCreatedData;
  "CODE.FILE.CREATED@1.0.0": CodeFileCreatedV100Data;
  "CODE.FILE.CREATED@1.1.0": CodeFileCreatedData;
  "CODE.FILE.DELETED@1.0.0": CodeFileDeletedV100Data;
  "CODE.FILE.DELETED@1.1.0": CodeFileDeletedData;
  "CODE.FILE.UPDATED@1.0.0": CodeFileUpdatedV100Data;
  "CODE.FILE.UPDATED@1.1.0": CodeFileUpdatedData;
  "CONFIG.CHANGED@1.0.0": ConfigChangedData;
  "CONFIG.PLATFORM.ADDED@1.0.0": ConfigPlatformAddedData;
  "CONFIG.PROVIDER.ADDED@1.0.0": ConfigProviderAddedData;
  "GIT.BRANCH.CREATED@1.0.0": GitBranchCreatedData;
  "GIT.PULL_REQUEST.CREATED@1.0.0": GitPullRequestCreatedV100Data;
  "GIT.PULL_REQUEST.CREATED@1.1.0": GitPullRequestCreatedData;
  "GIT.PULL_REQUEST.MERGED@1.0.0": GitPullRequestMergedV100Data;
  "GIT.PULL_REQUEST.MERGED@1.1.0": GitPullRequestMergedData;
  "GIT.PULL_REQUEST.UPDATED@1.0.0": GitPullRequestUpdatedData;
  "ISSUE.ANALYSIS.COMPLETED@1.0.0": IssueAnalysisCompletedV100Data;
  "ISSUE.ANALYSIS.COMPLETED@1.1.0": IssueAnalysisCompletedData;
  "ISSUE.ASSIGNED.SUCCESS@1.0.0": IssueAssignedSuccessData;
  "ISSUE.SELECTED.SUCCESS@1.0.0": IssueSelectedSuccessData;
  "SYSTEM.ERROR.OCCURRED@1.0.0": SystemErrorOccurredData;
  "SYSTEM.ESCALATION.RESOLVED@1.0.0": SystemEscalationResolvedV100Data;
  "SYSTEM.ESCALATION.RESOLVED@1.1.0": SystemEscalationResolvedData;
  "SYSTEM.ESCALATION.TRIGGERED@1.0.0": SystemEscalationTriggeredData;
  "SYSTEM.RETRY.EXHAUSTED@1.0.0": SystemRetryExhaustedData;
}

/** An event of one type, as the app writes it. */
export interface EventOf<N extends EventName> {
  /** The event's id. A UUID. */
  eventId: string;
  /** The event type. */
  eventType: N;
  /** The version of the event type. */
  schemaVersion: string;
  /** When it happened. Date and time of RFC 3339. */
  timestamp: string;
  /** The kind of actor. */
  actorType: "user" | "system" | "ai" | "service";
  /** The actor. */
  actorId: string;
  /** The workflow it belongs to. */
  correlationId: string;
  /** The event that caused it. */
  causationId?: string | null;
  /** What else came with the event. */
  metadata: {
    /** The request, for tracing. */
    stepId?: string | null;
    /** The part of the app that sent it. */
    source: "orchestrator" | "worker" | "api" | "cli";
    /** Where it ran: production, staging, … */
    environment: string;
    /** Tags. */
    tags?: Record<string, string> | null;
    [field: string]: unknown;
  };
  /** What the event type's schema describes. */
  payload: EventData[N];
}

/** Any event of a declared type; its name tells which one. */
export type Event = { [N in EventName]: EventOf<N> }[EventName];
