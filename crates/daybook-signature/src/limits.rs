//! Every bound of signatures, with its name.

/// Longest detached signature of an event, in bytes. One that signs every member has about 450.
pub const SIGNATURE_BYTES_MAX: usize = 1_024;
/// Longest JSON Web Key that is read, in bytes.
pub const JWK_BYTES_MAX: usize = 4_096;
/// Largest file with a key that is read, in bytes.
pub const KEY_FILE_BYTES_MAX: usize = 16_384;
/// The largest whole number that a double tells from its neighbours, 2^53 − 1: what lies beyond says something else to every parser (RFC
/// 7493, section 2.2).
pub const NUMBER_MAX: f64 = 9_007_199_254_740_991.0;

const _: () = assert!(JWK_BYTES_MAX <= KEY_FILE_BYTES_MAX);
