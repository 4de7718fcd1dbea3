//! The table of secrets.
//!
//! What makes redacting twice the same as redacting once, and has to stay so when a row is added:
//! - every replacement puts a `[` where the secret began, and no expression lets a secret begin with one;
//! - an expression takes the secret to its end, so that what follows a replacement was no part of a word before it;
//! - a secret may follow `_` as well as a word boundary, so a replacement before it makes no difference;
//! - what only looks at context (`key=value`, then URLs) comes after what knows a secret by its own form;
//! - an expression before those matches as well without the `=` that they may write.

use super::SecretPattern;

/// A value in quotes of its own kind, which may be the escaped quotes of JSON in a string.
macro_rules! quoted {
    () => {
        r#"(?s:"(?:[^"\\]|\\.)+"|'(?:[^'\\]|\\.)+'|\\+"[^"\\]+\\+"|\\+'[^'\\]+\\+'|`[^`]+`)"#
    };
}

/// A value without quotes, or whose closing quote was cut off.
macro_rules! unquoted {
    () => {
        r#"(?:\\*["'`]?(?:[^\s"'`,;&<>=:\[{(\\]|\\[^\snrt"'\\])(?:[^\s"'`,;&<>\\]|\\[^\snrt"'\\])*)"#
    };
}

/// The end of a name that may stand in quotes: `"password" :`, `password=`, `:password =>`.
macro_rules! is {
    () => {
        r#"["'`\\]{0,4}(?-u:\s){0,4}(?:=>|:=|[:=])"#
    };
}

/// Every kind of secret that is recognised in text, in the order in which they are looked for.
pub const SECRETS: &[SecretPattern] = &[
    SecretPattern {
        name: "private-key",
        regex: concat!(
            r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-[^-])*",
            r"(?:-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
        literals: &["private key"],
        replacement: "[REDACTED_PRIVATE_KEY]",
    },
    SecretPattern {
        name: "age-key",
        regex: r"((?-u:\b)|_)AGE-SECRET-KEY-1[0-9A-Z]{20}[A-Za-z0-9_-]*",
        literals: &["age-secret-key-1"],
        replacement: "${1}[REDACTED_PRIVATE_KEY]",
    },
    // OpenAI and all who took over its form; Anthropic, OpenRouter and others add a word of their own.
    SecretPattern {
        name: "sk-key",
        regex: concat!(
            r"((?-u:\b)|_)sk-(?:[a-zA-Z0-9]{20}|(?:ant|proj|svcacct|service|admin|or|lf|None)-[A-Za-z0-9_-]{16})",
            r"[A-Za-z0-9_-]*"
        ),
        literals: &["sk-"],
        replacement: "${1}[REDACTED_API_KEY]",
    },
    SecretPattern {
        name: "model-provider-key",
        regex: r"((?-u:\b)|_)(?:hf_|r8_|gsk_|xai-|pplx-|nvapi-)[A-Za-z0-9]{30}[A-Za-z0-9_-]*",
        literals: &["hf_", "r8_", "gsk_", "xai-", "pplx-", "nvapi-"],
        replacement: "${1}[REDACTED_API_KEY]",
    },
    SecretPattern {
        name: "aws-key-id",
        regex: r"((?-u:\b)|_)(?:AKIA|ASIA)[0-9A-Z]{16}(?:(?-u:\b)|_[A-Za-z0-9_-]*)",
        literals: &["akia", "asia"],
        replacement: "${1}[REDACTED_API_KEY]",
    },
    SecretPattern {
        name: "github-token",
        regex: r"((?-u:\b)|_)(?:gh[pousr]_[A-Za-z0-9]{30}|github_pat_[A-Za-z0-9_]{22})[A-Za-z0-9_-]*",
        literals: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        replacement: "${1}[REDACTED_API_KEY]",
    },
    SecretPattern {
        name: "gitlab-token",
        regex: r"((?-u:\b)|_)gl(?:pat|dt|rt|ptt|cbt|ft|soat|agent|oas)-[A-Za-z0-9_-]{20}[A-Za-z0-9_.-]*",
        literals: &["glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glft-", "glsoat-", "glagent-", "gloas-"],
        replacement: "${1}[REDACTED_API_KEY]",
    },
    SecretPattern {
        name: "package-registry-token",
        regex: r"((?-u:\b)|_)(?:npm_[A-Za-z0-9]{30}|pypi-[A-Za-z0-9_-]{50}|dckr_pat_[A-Za-z0-9_-]{20})[A-Za-z0-9_-]*",
        literals: &["npm_", "pypi-", "dckr_pat_"],
        replacement: "${1}[REDACTED_API_KEY]",
    },
    SecretPattern {
        name: "slack-token",
        regex: r"((?-u:\b)|_)(?:xox[a-z]-|xapp-)[A-Za-z0-9-]{10}[A-Za-z0-9_-]*",
        literals: &["xox", "xapp-"],
        replacement: "${1}[REDACTED_API_KEY]",
    },
    SecretPattern {
        name: "google-key",
        regex: concat!(
            r"((?-u:\b)|_)(?:AIza[A-Za-z0-9_-]{30}|ya29\.[A-Za-z0-9_-]{20}|GOCSPX-[A-Za-z0-9_-]{20})",
            r"[A-Za-z0-9_-]*"
        ),
        literals: &["aiza", "ya29.", "gocspx-"],
        replacement: "${1}[REDACTED_API_KEY]",
    },
    SecretPattern {
        name: "payment-key",
        regex: r"((?-u:\b)|_)(?:[sr]k_(?:live|test)_|whsec_)[A-Za-z0-9+/]{10}[A-Za-z0-9+/_-]*=*",
        literals: &["k_live_", "k_test_", "whsec_"],
        replacement: "${1}[REDACTED_API_KEY]",
    },
    SecretPattern {
        name: "mail-key",
        regex: r"((?-u:\b)|_)SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        literals: &["sg."],
        replacement: "${1}[REDACTED_API_KEY]",
    },
    // Telegram: the bot's number, a colon, 35 characters of which the first two have always been AA.
    SecretPattern {
        name: "bot-token",
        regex: r"((?-u:\b)|_|bot)[0-9]{6,}:AA[A-Za-z0-9_-]{33,}",
        literals: &[":aa"],
        replacement: "${1}[REDACTED_API_KEY]",
    },
    // The path of an incoming webhook is its credential.
    SecretPattern {
        name: "webhook-url",
        regex: concat!(
            r"(hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/)",
            r"[A-Za-z0-9_/-]+"
        ),
        literals: &["hooks.slack.com", "discord.com", "discordapp.com"],
        replacement: "${1}[REDACTED]",
    },
    // A header as it is logged, whatever its scheme. The scheme is shorter than any credential, so it is not mistaken
    // for one when the credential is gone.
    SecretPattern {
        name: "authorization",
        regex: concat!(
            r#"((?i:authorization)["'\\]{0,4}[ \t]*[:=][ \t]*["'\\]{0,4}(?:[A-Za-z][A-Za-z0-9-]{1,14}[ \t]+)?)"#,
            r"[A-Za-z0-9._~+/-]{16,}[A-Za-z0-9._~+/=:-]*"
        ),
        literals: &["authorization"],
        replacement: "${1}[REDACTED]",
    },
    // In lower case it is also an English word.
    SecretPattern {
        name: "bearer",
        regex: r"(?:Bearer\s+[a-zA-Z0-9._~+/-]+|(?i:bearer)\s+[a-zA-Z0-9._~+/-]{16,})=*",
        literals: &["bearer"],
        replacement: "Bearer [REDACTED]",
    },
    // Unlike a word of prose, Base64 has digits, signs, or capitals after small letters.
    SecretPattern {
        name: "basic",
        regex: r"(?-u:\b)(?i:basic)[ \t]+[A-Za-z0-9+/]{6,}(?:[0-9+/]|[a-z][A-Z])[A-Za-z0-9+/]*=*",
        literals: &["basic"],
        replacement: "Basic [REDACTED]",
    },
    SecretPattern {
        name: "jwt",
        regex: r"((?-u:\b)|_)eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*){0,3}",
        literals: &["eyj"],
        replacement: "${1}[REDACTED_JWT]",
    },
    SecretPattern {
        name: "named-secret",
        regex: concat!(
            r"(?i)(pass(?:word|wd|phrase|code)|;\s?pwd|secret(?:[_-]?access)?(?:[_-]?key)?",
            r"|(?:api|access|account|private|encryption|signing)[_ -]?key)",
            is!(),
            r"(?:\s{0,4}",
            quoted!(),
            r"|[ \t]{0,4}",
            unquoted!(),
            r")"
        ),
        literals: &[
            "password",
            "passwd",
            "passphrase",
            "passcode",
            "pwd",
            "secret",
            "apikey",
            "api_key",
            "api-key",
            "api key",
            "accesskey",
            "access_key",
            "access-key",
            "access key",
            "accountkey",
            "account_key",
            "account-key",
            "account key",
            "privatekey",
            "private_key",
            "private-key",
            "private key",
            "encryptionkey",
            "encryption_key",
            "encryption-key",
            "encryption key",
            "signingkey",
            "signing_key",
            "signing-key",
            "signing key",
        ],
        replacement: "${1}=[REDACTED]",
    },
    // A token is also what parsers complain about, so a bare value after a colon has to look like a credential.
    SecretPattern {
        name: "named-token",
        regex: concat!(
            r#"(?i)(token)(?:["'\\]{1,4}\s{0,4}(?:=>|:=|[:=])\s{0,4}"#,
            quoted!(),
            r"|=",
            quoted!(),
            r"|=",
            unquoted!(),
            r"|",
            is!(),
            r#"\s{0,4}["'\\]{0,4}[A-Za-z0-9_~+/.-]{4,}[0-9][A-Za-z0-9_~+/.=-]{3,}["']?)"#,
        ),
        // Events are full of token counts: only a token that something follows as a value would is worth a look. What JSON
        // escapes is a backslash there.
        literals: &[
            "token=",
            "token:",
            "token ",
            "token\t",
            "token\n",
            "token\r",
            "token\x0b",
            "token\x0c",
            "token\"",
            "token'",
            "token`",
            "token\\",
        ],
        replacement: "${1}=[REDACTED]",
    },
    // On a command line the value is the next argument.
    SecretPattern {
        name: "secret-flag",
        regex: concat!(
            r"(?i)(--(?:[a-z]+-){0,4}(?:password|passphrase|secret|token|(?:api|access|secret|private)-key))[ \t]+",
            r"(?:",
            quoted!(),
            r#"|\\*["']?[^\s"'`,;&<>=:\[{(\\-][^\s"'`,;&<>\\]*)"#,
        ),
        literals: &["-password", "-passphrase", "-secret", "-token", "-api-key", "-access-key", "-private-key"],
        replacement: "${1} [REDACTED]",
    },
    SecretPattern {
        name: "url-password",
        regex: r#"([A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@"'<>\[\]]*):[^\s/?#"'<>]+@"#,
        literals: &["@"],
        replacement: "${1}:[REDACTED]@",
    },
];
