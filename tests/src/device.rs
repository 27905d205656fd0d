//! A device that keeps a passkey: what a browser and its authenticator do, by software.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The owner was present.
const PRESENT: u8 = 0x01;
/// The owner was verified, by a finger or a number.
const VERIFIED: u8 = 0x04;
/// The data has a new key.
const WITH_KEY: u8 = 0x40;

/// A device with one passkey.
#[derive(Debug)]
pub struct Device {
    key: EcdsaKeyPair,
    credential_id: Vec<u8>,
    user_handle: String,
    relying_party: String,
    /// How often the key was used.
    pub count: u32,
    /// Whether the device verifies its owner.
    pub verifies: bool,
    /// The page that asks, as the browser knows it.
    pub origin: String,
}

impl Device {
    /// Makes a key for a page that asks for one, and the answer to it.
    pub fn register(options: &Value, origin: &str) -> (Self, Value) {
        Self::register_with(options, origin, true)
    }

    /// The same, with an owner who is perhaps not verified.
    pub fn register_with(options: &Value, origin: &str, verifies: bool) -> (Self, Value) {
        let asked = &options["publicKey"];
        assert_eq!(asked["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(asked["authenticatorSelection"]["userVerification"], "required");
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
        let device = Self {
            key: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref()).unwrap(),
            credential_id: rand::random::<[u8; 32]>().to_vec(),
            user_handle: asked["user"]["id"].as_str().unwrap().to_owned(),
            relying_party: asked["rp"]["id"].as_str().unwrap().to_owned(),
            count: 0,
            verifies,
            origin: origin.to_owned(),
        };
        let data = device.data(WITH_KEY, &device.attested());
        let mut attestation = vec![0xA3];
        attestation.extend(text("fmt").into_iter().chain(text("none")));
        attestation.extend(text("attStmt").into_iter().chain([0xA0]));
        attestation.extend(text("authData").into_iter().chain(bytes(&data)));
        let answer = json!({
            "id": encode(&device.credential_id), "rawId": encode(&device.credential_id), "type": "public-key",
            "response": {
                "attestationObject": encode(&attestation),
                "clientDataJSON": encode(device.client_data("webauthn.create", asked).as_bytes()),
            },
            "clientExtensionResults": {},
        });
        (device, answer)
    }

    /// Answers a page that asks who it is.
    pub fn answer(&mut self, options: &Value) -> Value {
        self.count += 1;
        let client = self.client_data("webauthn.get", &options["publicKey"]);
        let data = self.data(0, &[]);
        let signed = [data.as_slice(), &Sha256::digest(&client)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": encode(&self.credential_id), "rawId": encode(&self.credential_id), "type": "public-key",
            "response": {
                "authenticatorData": encode(&data), "clientDataJSON": encode(client.as_bytes()),
                "signature": encode(signature.as_ref()), "userHandle": self.user_handle,
            },
            "clientExtensionResults": {},
        })
    }

    /// Pretends to be another account's.
    pub fn pretend(&mut self, other: &Self) {
        self.user_handle.clone_from(&other.user_handle);
        self.credential_id.clone_from(&other.credential_id);
    }

    fn client_data(&self, kind: &str, asked: &Value) -> String {
        json!({ "type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": false }).to_string()
    }

    fn data(&self, flags: u8, rest: &[u8]) -> Vec<u8> {
        let verified = if self.verifies { VERIFIED } else { 0 };
        let mut data = Sha256::digest(&self.relying_party).to_vec();
        data.push(flags | PRESENT | verified);
        data.extend(self.count.to_be_bytes());
        data.extend(rest);
        data
    }

    /// The new key, as COSE has it.
    fn attested(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let (x, y) = (&point[1..33], &point[33..65]);
        let mut attested = vec![0; 16];
        attested.extend(u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
        attested.extend(&self.credential_id);
        // Type 2 (a curve's point), algorithm -7 (ES256), curve 1 (P-256).
        attested.extend([0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]);
        attested.extend(bytes(x));
        attested.push(0x22);
        attested.extend(bytes(y));
        attested
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A short text, in CBOR.
fn text(text: &str) -> Vec<u8> {
    [&[0x60 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// Some bytes, in CBOR.
fn bytes(bytes: &[u8]) -> Vec<u8> {
    [&[0x58, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}
