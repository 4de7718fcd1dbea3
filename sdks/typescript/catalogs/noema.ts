// Events of Noema, catalog noema 1.0.0.
// Written by `daybook emit typescript --app noema`; changes belong in the catalog.
//
// What types cannot say (bounds, patterns, formats) stands in the comments; Daybook checks it.
// Numbers of the formats decimal and int64 may be text as well, as a double cannot hold them all.

/** Where something happened, for instance `telegram`, `discord`, `web` or `api`. */
export type Platform = string;

/**
 * What came with a command. Its form is the command's own - named values, a list, or the text as
 * typed.
 */
export type CommandArgs = string | Array<unknown> | Record<string, unknown>;

/** Standing of an account. */
export type AccountStatus = "active" | "suspended" | "deactivated_by_user" | "deactivated_by_admin";

/** Why a session ended. */
export type SessionEndReason = "user_logout" | "project_close" | "session_timeout_inactive" | "session_error_limit_exceeded" | "user_command_quit" | "system_shutdown";

/** Records that an entry in the ledger belongs to. No other fields. */
export interface RelatedItems {
  /** The event that led to the entry. Of the format object-id. */
  eventId?: string;
  /** The generation that is paid for or refunded. Of the format object-id. */
  generationId?: string;
  /** The command that led to the entry. */
  commandName?: string;
  /** The subscription that the entry belongs to. */
  subscriptionId?: string;
}

/**
 * Data of `account_created` 1.0.0. A person has an account from now on. Category account, priority
 * high.
 */
export interface AccountCreatedData {
  platform: Platform;
  /**
   * The person's id on each platform they are known on, by the platform's name. Personal
   * (identifier).
   */
  platformIdentities: Record<string, string>;
  status?: AccountStatus;
}

/**
 * Data of `account_status_changed` 1.0.0. An account was suspended, closed, or opened again.
 * Category account, priority high.
 */
export interface AccountStatusChangedData {
  previousStatus: AccountStatus;
  newStatus: AccountStatus;
  /** Why, in words. Personal (free-text). */
  reason?: string;
}

/**
 * Data of `api_key_created` 1.0.0. An account has one more key for the API. The key itself is never
 * part of an event. Category account, priority high.
 */
export interface ApiKeyCreatedData {
  /** Hash of the key, by which it is recognised. Personal (identifier). */
  keyHash: string;
  /** What the person calls the key. Personal (free-text). */
  label: string;
  /** What the key may do. */
  scopes?: Array<string>;
  /** When it was made. Of the format date-time. */
  createdAt?: string;
}

/**
 * Data of `api_key_revoked` 1.0.0. A key for the API no longer works. Category account, priority
 * high.
 */
export interface ApiKeyRevokedData {
  /** Hash of the key, by which it is recognised. Personal (identifier). */
  keyHash: string;
  /** What the person calls the key. Personal (free-text). */
  label?: string;
  /** Why, for instance `user_initiated`, `admin_initiated` or `leaked`. */
  reason?: string;
}

/** Data of `award_achieved` 1.0.0. A person earned an award. Category account, priority high. */
export interface AwardAchievedData {
  /** The award, for instance `century_creator`. */
  awardId: string;
  /** What people call the award. */
  displayName?: string;
  /** What it is given for. */
  description?: string;
  /** When it was earned, if that is not the time of the event. Of the format date-time. */
  achievedAt?: string;
}

/**
 * Data of `command_executed` 1.0.0. A person gave a command. It was taken on, or refused, for
 * instance for want of permission. Category product, priority normal.
 */
export interface CommandExecutedData {
  /** The command as it is called, for instance `/make` or `/view_balance`. */
  commandName: string;
  /** Personal (free-text). */
  args: CommandArgs;
  /** True if the command was accepted and begun, false if it was refused. */
  success: boolean;
  /**
   * Milliseconds until the work was done, or until it was queued if it goes on in the background. A
   * whole number of 64 bits, or the same as text, at least 0.
   */
  executionTimeMs: number | string;
  /** How it was given, for instance `chat_input`, `menu_click` or `api_call`. */
  source: string;
}

/**
 * Data of `command_failed_validation` 1.0.0. A command was not run because its input is wrong, with
 * everything that is wrong with it. Category product, priority normal.
 */
export interface CommandFailedValidationData {
  /** The command as it is called. */
  commandName: string;
  /** Personal (free-text). */
  args: CommandArgs;
  /** One entry for each thing that is wrong. */
  validationErrors: Array<{
    /** The argument it is about; left out if it is about the command as a whole. */
    field?: string;
    /** What is wrong with it. */
    message: string;
  }>;
}

/**
 * Data of `credit_added` 1.0.0. An account has more credit, by a payment, a bonus or a refund.
 * Category economy, priority high.
 */
export interface CreditAddedData {
  /** The entry in the ledger. Of the format object-id. */
  transactionId?: string;
  /** What kind of entry it is, for instance `credit`, `bonus` or `refund`. */
  type: string;
  /** The entry in words, as its owner reads it. Personal (free-text). */
  description: string;
  /**
   * What was added, in US dollars; more than nothing. A number, or the same as text, of up to 28
   * digits, more than 0.
   */
  amountUsd: number | string;
  /** The credit before this entry, in US dollars. A number, or the same as text, of up to 28 digits. */
  balanceBeforeUsd: number | string;
  /** The credit after this entry, in US dollars. A number, or the same as text, of up to 28 digits. */
  balanceAfterUsd: number | string;
  relatedItems?: RelatedItems;
  /** What a payment processor calls it. Personal (identifier). */
  externalTransactionId?: string;
  /** Whatever else belongs to the entry. Personal (personal). */
  metadata?: Record<string, unknown>;
}

/**
 * Data of `credit_spent` 1.0.0. An account has less credit, because something was paid for.
 * Category economy, priority high.
 */
export interface CreditSpentData {
  /** The entry in the ledger. Of the format object-id. */
  transactionId?: string;
  /** What kind of entry it is, for instance `debit`, `generation_cost` or `subscription_payment`. */
  type: string;
  /** The entry in words, as its owner reads it. Personal (free-text). */
  description: string;
  /**
   * What was spent, in US dollars; less than nothing. A number, or the same as text, of up to 28
   * digits, less than 0.
   */
  amountUsd: number | string;
  /** The credit before this entry, in US dollars. A number, or the same as text, of up to 28 digits. */
  balanceBeforeUsd: number | string;
  /** The credit after this entry, in US dollars. A number, or the same as text, of up to 28 digits. */
  balanceAfterUsd: number | string;
  relatedItems?: RelatedItems;
  /** What a payment processor calls it. Personal (identifier). */
  externalTransactionId?: string;
  /** Whatever else belongs to the entry. Personal (personal). */
  metadata?: Record<string, unknown>;
}

/** Data of `exp_gained` 1.0.0. A person earned experience points. Category economy, priority high. */
export interface ExpGainedData {
  /** Points earned by this. A whole number of 64 bits, or the same as text, at least 1. */
  amount: number | string;
  /** Points before. A whole number of 64 bits, or the same as text, at least 0. */
  expBefore: number | string;
  /** Points after. A whole number of 64 bits, or the same as text, at least 0. */
  expAfter: number | string;
  /** What they were earned with, for instance `generation_completed` or `award_achieved`. */
  reason: string;
  relatedItems?: RelatedItems;
}

/**
 * Data of `generation_completed` 1.0.0. A generation ended well and its main result is there.
 * Category generation, priority normal.
 */
export interface GenerationCompletedData {
  /** The generation's record. Of the format object-id. */
  generationId: string;
  /** The service that did it. */
  serviceName: string;
  /** How long it took, in milliseconds. A whole number of 64 bits, or the same as text, at least 0. */
  durationMs: number | string;
  /** What it cost, in US dollars. A number, or the same as text, of up to 28 digits. */
  costUsd: number | string;
  /** Always `success`; how it ended is part of the record in every case. */
  status: "success";
  /** How many pieces came out, for instance pictures. A whole number, at least 0. */
  artifactCount: number;
}

/**
 * Data of `generation_failed` 1.0.0. A generation ended without a result, because it failed, took
 * too long or was called off. Category generation, priority high.
 */
export interface GenerationFailedData {
  /** The generation's record, if it came to one. Of the format object-id. */
  generationId?: string;
  /** The service that was asked. */
  serviceName: string;
  /**
   * How long it ran until it failed, in milliseconds. A whole number of 64 bits, or the same as
   * text, at least 0.
   */
  durationMs?: number | string;
  /** What it cost all the same, in US dollars. A number, or the same as text, of up to 28 digits. */
  costUsd?: number | string;
  /** How it ended. */
  status: "failed" | "cancelled_by_user" | "timeout";
  /** Where it went wrong, for instance `service_api`, `internal_queue` or `content_moderation`. */
  errorSource: string;
  /** The code of the error, the service's or Noema's own. */
  errorCode?: string;
  /** The error in words. Personal (free-text). */
  errorMessage?: string;
}

/**
 * Data of `generation_requested` 1.0.0. A person asked a service to generate something. Category
 * generation, priority normal.
 */
export interface GenerationRequestedData {
  /** The service that is asked, for instance `comfyui-deploy` or `dalle3-service`. */
  serviceName: string;
  /** The parameters that matter, as the service takes them. Personal (free-text). */
  requestParameters: Record<string, unknown>;
  /**
   * What it will probably cost, in US dollars, if that can be said beforehand. A number, or the
   * same as text, of up to 28 digits.
   */
  estimatedCostUsd?: number | string;
}

/**
 * Data of `menu_item_clicked` 1.0.0. A person chose an item of a menu. Category product, priority
 * low.
 */
export interface MenuItemClickedData {
  /** The menu, for instance `main_menu`. */
  menuName: string;
  /** The item, unique within its menu. */
  itemId: string;
  /** What the item says to the person, in their language. */
  itemLabel: string;
  /** What it does, for instance `navigate`, `execute_command` or `apply_setting`. */
  actionType: string;
}

/**
 * Data of `platform_identity_linked` 1.0.0. An account is known on one more platform. Category
 * account, priority high.
 */
export interface PlatformIdentityLinkedData {
  platform: Platform;
  /** The person's id on that platform. Personal (identifier). */
  platformUserId: string;
}

/**
 * Data of `platform_identity_unlinked` 1.0.0. An account is no longer known on a platform. Category
 * account, priority high.
 */
export interface PlatformIdentityUnlinkedData {
  platform: Platform;
  /** The person's id on that platform. Personal (identifier). */
  platformUserId: string;
}

/**
 * Data of `preference_changed` 1.0.0. A person changed one of their settings. Category account,
 * priority normal.
 */
export interface PreferenceChangedData {
  /** The group that the setting belongs to - the id of a workflow or tool, or `globalSettings`. */
  preferenceKey: string;
  /** The setting within its group. */
  settingName: string;
  /** What it was, if it had been set. Personal (personal). */
  previousValue?: unknown;
  /** What it is now. Personal (personal). */
  newValue: unknown;
}

/**
 * Data of `preference_reset` 1.0.0. A person went back to what Noema sets by itself, for one
 * setting or for a whole group. Category account, priority normal.
 */
export interface PreferenceResetData {
  /** The group that the setting belongs to - the id of a workflow or tool, or `globalSettings`. */
  preferenceKey: string;
  /** The setting within its group; left out if the whole group was reset. */
  settingName?: string;
}

/**
 * Data of `profile_updated` 1.0.0. A person changed what their profile says of them. Category
 * account, priority high.
 */
export interface ProfileUpdatedData {
  /** The fields that were changed. At least 1 items, no item twice. */
  changedFields: Array<"displayName" | "avatarUrl" | "bio">;
  /** The new name that others see; null if it was taken away. Personal (identifier). */
  displayName?: string | null;
  /** Where the new picture is; null if it was taken away. Personal (personal). */
  avatarUrl?: string | null;
  /** What the person now says about themselves; null if it was taken away. Personal (free-text). */
  bio?: string | null;
}

/**
 * Data of `session_ended` 1.0.0. A session record was closed, whoever or whatever closed it.
 * Category product, priority normal.
 */
export interface SessionEndedData {
  endReason: SessionEndReason;
  /**
   * How long the session lasted, in milliseconds. A whole number of 64 bits, or the same as text,
   * at least 0.
   */
  durationMs: number | string;
}

/**
 * Data of `session_started` 1.0.0. A session record was created, most often right after a login.
 * Category product, priority normal.
 */
export interface SessionStartedData {
  platform: Platform;
  /** What opened the session, for instance `login`, `api_key_usage` or `new_connection`. */
  startMethod: string;
}

/**
 * Data of `ui_element_interacted` 1.0.0. A person used a part of the interface that is not a menu,
 * such as a button, a slider or an input. Category product, priority low.
 */
export interface UiElementInteractedData {
  /** The element, unique in the interface. */
  elementId: string;
  /** What it is, for instance `button`, `slider` or `text_input`. */
  elementType: string;
  /** What was done with it, for instance `click`, `change` or `blur`. */
  interactionType: string;
  /**
   * Its value afterwards - a text, a number, true or false, or something composed. Personal
   * (free-text).
   */
  currentValue?: unknown;
  /** The part of the interface it belongs to, for instance `image_editor_panel`. */
  context?: string;
}

/**
 * Data of `user_facing_error_displayed` 1.0.0. A person was shown an error. Nothing need have
 * crashed. Category product, priority normal.
 */
export interface UserFacingErrorDisplayedData {
  /** The kind of error, for instance `validation_error`, `api_error` or `payment_failed`. */
  errorType: string;
  /** A closer code, Noema's own or a service's. */
  errorCode?: string;
  /** What the person read. Personal (free-text). */
  errorMessage: string;
  /** How bad it looked, for instance `info`, `warning` or `error`. */
  severity: string;
  /** The part of Noema that showed it, for instance `PaymentService`. */
  component: string;
  /** Whatever else helps to understand it. Personal (personal). */
  context?: Record<string, unknown>;
}

/**
 * Data of `user_login_failed` 1.0.0. Somebody tried to sign in and was turned away. Category
 * security, priority high.
 */
export interface UserLoginFailedData {
  /**
   * What the attempt gave as its identity, for instance a user name or a Telegram user id. Personal
   * (identifier).
   */
  loginAttemptIdentifier: string;
  /** Why it was refused, for instance `invalid_credentials`, `account_locked` or `invalid_api_key`. */
  failureReason: string;
  platform: Platform;
}

/**
 * Data of `user_login_success` 1.0.0. Somebody proved who they are, and a session begins. Category
 * security, priority normal.
 */
export interface UserLoginSuccessData {
  /** How they proved it, for instance `password`, `telegram_auth`, `wallet_signature` or `api_key`. */
  loginMethod: string;
  platform: Platform;
  /** Address the login came from, IPv4 or IPv6. Personal (identifier). */
  ipAddress?: string;
  /** What the client says it is. Personal (personal). */
  userAgent?: string;
}

/**
 * Data of `user_logout` 1.0.0. A session was closed on purpose, by the person or by an
 * administrator. Category security, priority normal.
 */
export interface UserLogoutData {
  /** Who wanted it, for instance `user_initiated` or `admin_initiated`. */
  logoutReason: string;
}

/**
 * Data of `wallet_linked` 1.0.0. A person added an Ethereum wallet to their account. Category
 * account, priority high.
 */
export interface WalletLinkedData {
  /** Address of the wallet, with its checksum in upper and lower case. Personal (identifier). */
  address: string;
  /** Whether it is the wallet that is used unless another is named. */
  isPrimary?: boolean;
  /** Whether the person has shown that the wallet is theirs. */
  verified: boolean;
  /** When it was added. Of the format date-time. */
  addedAt?: string;
}

/**
 * Data of `wallet_unlinked` 1.0.0. A wallet was taken off an account. Category account, priority
 * high.
 */
export interface WalletUnlinkedData {
  /** Address of the wallet, with its checksum in upper and lower case. Personal (identifier). */
  address: string;
}

/**
 * Data of `wallet_verified` 1.0.0. A person has shown that a wallet of their account is theirs.
 * Category account, priority high.
 */
export interface WalletVerifiedData {
  /** Address of the wallet, with its checksum in upper and lower case. Personal (identifier). */
  address: string;
}

/** The data of the current version of every event type, by its name. */
export interface EventData {
  "account_created": AccountCreatedData;
  "account_status_changed": AccountStatusChangedData;
  "api_key_created": ApiKeyCreatedData;
  "api_key_revoked": ApiKeyRevokedData;
  "award_achieved": AwardAchievedData;
  "command_executed": CommandExecutedData;
  "command_failed_validation": CommandFailedValidationData;
  "credit_added": CreditAddedData;
  "credit_spent": CreditSpentData;
  "exp_gained": ExpGainedData;
  "generation_completed": GenerationCompletedData;
  "generation_failed": GenerationFailedData;
  "generation_requested": GenerationRequestedData;
  "menu_item_clicked": MenuItemClickedData;
  "platform_identity_linked": PlatformIdentityLinkedData;
  "platform_identity_unlinked": PlatformIdentityUnlinkedData;
  "preference_changed": PreferenceChangedData;
  "preference_reset": PreferenceResetData;
  "profile_updated": ProfileUpdatedData;
  "session_ended": SessionEndedData;
  "session_started": SessionStartedData;
  "ui_element_interacted": UiElementInteractedData;
  "user_facing_error_displayed": UserFacingErrorDisplayedData;
  "user_login_failed": UserLoginFailedData;
  "user_login_success": UserLoginSuccessData;
  "user_logout": UserLogoutData;
  "wallet_linked": WalletLinkedData;
  "wallet_unlinked": WalletUnlinkedData;
  "wallet_verified": WalletVerifiedData;
}

/** The names of the event types. */
export type EventName = keyof EventData;

/** An event of one type, as the app writes it. */
export interface EventOf<N extends EventName> {
  /** The event's id. A MongoDB ObjectId, 24 hexadecimal digits. */
  eventId: string;
  /** The event type. */
  eventType: N;
  /** When it happened. Date and time of RFC 3339. */
  timestamp: string;
  /** The person. A MongoDB ObjectId, 24 hexadecimal digits, may be missing in user_login_failed. */
  masterAccountId?: string | null;
  /**
   * The session. A MongoDB ObjectId, 24 hexadecimal digits, may be missing in account_created,
   * account_status_changed, api_key_revoked, award_achieved, credit_added, credit_spent,
   * exp_gained, user_login_failed.
   */
  sessionId?: string | null;
  /** The platform the person used. */
  sourcePlatform: string;
  /** What the event type's schema describes. */
  eventData: EventData[N];
}

/** Any event of a declared type; its name tells which one. */
export type Event = { [N in EventName]: EventOf<N> }[EventName];
