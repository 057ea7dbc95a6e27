//! The places of a request that carry credentials by convention: what leaves this machine says so, or goes without them.

/// Headers that are a credential, or hold one.
pub const CREDENTIAL_HEADERS: [&str; 5] =
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token"];

/// Parameters of a query that are a credential.
pub const CREDENTIAL_PARAMETERS: [&str; 10] =
    ["token", "access_token", "auth_token", "api_key", "apikey", "key", "secret", "client_secret", "password", "auth"];
