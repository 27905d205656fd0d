//! Tables of the control plane, in the schema `platform`.

pub mod account;
pub mod api_key;
pub mod audit_outbox;
pub mod authenticator;
pub mod backup;
pub mod departure;
pub mod domain_claim;
pub mod entry_code;
pub mod external_identity;
pub mod familiar_network;
pub mod identity_provider;
pub mod invitation;
pub mod invitation_token;
pub mod membership;
pub mod outgoing_mail;
pub mod passkey;
pub mod password_reset;
pub mod recovery_code;
pub mod session;
pub mod sign_in_attempt;
pub mod sign_in_challenge;
pub mod sign_up;
pub mod sign_up_invitation;
pub mod sign_up_token;
pub mod signing_key;
pub mod tenant_notice;
