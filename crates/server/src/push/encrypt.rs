//! What a push service must not read: a message for one browser (RFC 8291, aes128gcm of RFC 8188).

use anyhow::{Context as _, anyhow, ensure};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    hmac,
    rand::{SecureRandom, SystemRandom},
};

/// Bytes of a record, as its header says; a message is one record.
const RECORD: u32 = 4_096;
/// Bytes that a message may have: every push service takes a body of 4,096.
pub const MOST: usize = 3_993;
const SALT: usize = 16;
/// Behind the text of the last record.
const LAST: u8 = 2;

/// The body of a push: `public` and `auth` are the browser's, in base64url.
pub fn encrypt(public: &str, auth: &str, text: &[u8]) -> anyhow::Result<Vec<u8>> {
    ensure!(text.len() <= MOST, "a push has at most {MOST} bytes");
    let (public, auth) = (BASE64.decode(public)?, BASE64.decode(auth)?);
    let random = SystemRandom::new();
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &random).map_err(|_| failed())?;
    let own_public = own.compute_public_key().map_err(|_| failed())?;
    let mut salt = [0; SALT];
    random.fill(&mut salt).map_err(|_| failed())?;
    let peer = UnparsedPublicKey::new(&ECDH_P256, &public);
    let sealed = agree_ephemeral(own, &peer, |secret| {
        seal(secret, &public, own_public.as_ref(), &auth, salt, text)
    });
    sealed.map_err(|_| anyhow!("the browser's key is not a point"))?
}

fn failed() -> anyhow::Error {
    anyhow!("no randomness")
}

fn seal(
    secret: &[u8],
    public: &[u8],
    own: &[u8],
    auth: &[u8],
    salt: [u8; SALT],
    text: &[u8],
) -> anyhow::Result<Vec<u8>> {
    let shared = hash(auth, &[secret]);
    let material = hash(&shared, &[b"WebPush: info\0", public, own, &[1]]);
    let master = hash(&salt, &[&material]);
    let key = hash(&master, &[b"Content-Encoding: aes128gcm\0", &[1]]);
    let nonce = hash(&master, &[b"Content-Encoding: nonce\0", &[1]]);
    let key = UnboundKey::new(&AES_128_GCM, &key[..16]).ok().context("16 bytes")?;
    let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).ok().context("12 bytes")?;
    let mut sealed = text.to_vec();
    sealed.push(LAST);
    let sealing = LessSafeKey::new(key).seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed);
    sealing.ok().context("short enough")?;
    let mut body = Vec::with_capacity(SALT + 5 + own.len() + sealed.len());
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD.to_be_bytes());
    body.push(own.len() as u8);
    body.extend_from_slice(own);
    body.extend_from_slice(&sealed);
    Ok(body)
}

/// HMAC-SHA-256 of joined parts: both steps of HKDF (RFC 5869), for outputs of one block.
fn hash(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    parts.iter().for_each(|part| context.update(part));
    context.sign().as_ref().try_into().expect("32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8291, appendix A.
    #[test]
    fn the_example_of_the_specification_comes_out() {
        let bytes = |text: &str| BASE64.decode(text).expect("base64url");
        let public = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZ\
                      GH6SRpkNtoIAiw4";
        let own = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w\
                   EqKK6PBru3jl7A8";
        let body = seal(
            &bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs"),
            &bytes(public),
            &bytes(own),
            &bytes("BTBZMqHH6r4Tts7J_aSIgg"),
            bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().expect("16 bytes"),
            b"When I grow up, I want to be a watermelon",
        );
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMo\
                        ZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf\
                        1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(BASE64.encode(body.expect("sealed")), expected);
    }

    #[test]
    fn a_key_that_is_no_point_is_refused() {
        let zeros = BASE64.encode([0; 65]);
        assert!(encrypt(&zeros, &BASE64.encode([0; 16]), b"x").is_err());
        assert!(encrypt("", "", b"x").is_err());
        assert!(encrypt(&zeros, &zeros, &[0; MOST + 1]).is_err());
    }
}
