//! Export: everything about a person, in a zip.
