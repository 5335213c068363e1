//! Who sends a push: the server's own signature, with no vendor between (VAPID, RFC 8292).

use anyhow::{Context as _, anyhow};
use axum::http::Uri;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::json;

/// How long a signature holds. At most a day.
const VALID_S: i64 = 12 * 3_600;

pub struct Vapid {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    /// Whom a push service can write to.
    contact: String,
}

/// A new key pair as PKCS#8.
pub fn generate() -> Vec<u8> {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    made.expect("the system has randomness").as_ref().to_vec()
}

impl Vapid {
    pub fn new(pkcs8: &[u8], contact: String) -> anyhow::Result<Self> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &random)
            .map_err(|_| anyhow!("the push key is damaged"))?;
        Ok(Self { pair, random, contact })
    }

    /// The `applicationServerKey` that a browser subscribes with.
    pub fn public_key(&self) -> String {
        BASE64.encode(self.pair.public_key())
    }

    /// The value of `Authorization` for a push service. `now_s`: seconds since 1970.
    pub fn authorization(&self, service: &Uri, now_s: i64) -> anyhow::Result<String> {
        let scheme = service.scheme_str().context("a scheme")?;
        let audience = format!("{scheme}://{}", service.authority().context("a host")?);
        let head = BASE64.encode(json!({ "typ": "JWT", "alg": "ES256" }).to_string());
        let claims = json!({ "aud": audience, "exp": now_s + VALID_S, "sub": self.contact });
        let signed = format!("{head}.{}", BASE64.encode(claims.to_string()));
        let signature = self.pair.sign(&self.random, signed.as_bytes());
        let signature = signature.map_err(|_| anyhow!("cannot sign"))?;
        let token = format!("{signed}.{}", BASE64.encode(signature));
        Ok(format!("vapid t={token}, k={}", self.public_key()))
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_push_service_can_check_who_sends() {
        let vapid = Vapid::new(&generate(), "https://chat.example.org".to_owned()).expect("a key");
        let service = "https://push.example.org/send/abc".parse().expect("an address");
        let value = vapid.authorization(&service, 1_000).expect("signed");
        let (token, key) =
            value.strip_prefix("vapid t=").and_then(|v| v.split_once(", k=")).expect("both");
        let (signed, signature) = token.rsplit_once('.').expect("a signature");
        let bytes = |text: &str| BASE64.decode(text).expect("base64url");
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes(key));
        assert!(key.verify(signed.as_bytes(), &bytes(signature)).is_ok());
        let claims = bytes(signed.split_once('.').expect("a head").1);
        let claims: Value = serde_json::from_slice(&claims).expect("JSON");
        assert_eq!(claims["aud"], "https://push.example.org");
        assert_eq!(
            (&claims["exp"], &claims["sub"]),
            (&json!(44_200), &json!("https://chat.example.org"))
        );
    }
}
