//! Passwords as Argon2id on threads of their own: a few at a time, a bounded queue before them.
//!
//! 19 MiB, two passes, one lane:
//! <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>

use std::sync::{Arc, Mutex, mpsc};

use anyhow::{Context as _, anyhow};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use domain::{
    app::Passwords,
    clock::Chance,
    reject::{Error, Reject, Result},
    store::BoxFuture,
};
use proto::Limits;
use tokio::sync::oneshot;

const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;

type Job = Box<dyn FnOnce(&Argon2<'static>) + Send>;

/// Hashes passwords beside the runtime, so that nobody else waits for it.
pub struct Argon {
    jobs: mpsc::SyncSender<Job>,
    chance: Arc<dyn Chance>,
    /// Verified against when nobody has that name, so that it takes as long.
    nobody: String,
}

impl Argon {
    pub fn start(limits: &Limits, chance: Arc<dyn Chance>) -> anyhow::Result<Self> {
        let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("parameters are in range");
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let (jobs, queue) = mpsc::sync_channel::<Job>(limits.password_queue.max(1));
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..limits.password_hashes.max(1) {
            let (argon, queue) = (argon.clone(), queue.clone());
            std::thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || work(&argon, &queue))
                .context("cannot start a thread for passwords")?;
        }
        let nobody = hash(&argon, b"nobody has this one", &salt(chance.as_ref()))?;
        Ok(Self { jobs, chance, nobody })
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Argon2<'static>) -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, done) = oneshot::channel();
        let job: Job = Box::new(move |argon| {
            // Who gave up waiting costs nothing.
            if !answer.is_closed() {
                let _ = answer.send(job(argon));
            }
        });
        self.jobs.try_send(job).map_err(|_| Error::Reject(Reject::Busy))?;
        let outcome = done.await.map_err(|_| anyhow!("a thread for passwords died"))?;
        Ok(outcome?)
    }
}

fn work(argon: &Argon2<'static>, queue: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        job(argon);
    }
}

fn salt(chance: &dyn Chance) -> [u8; 16] {
    let mut salt = [0; 16];
    chance.fill(&mut salt);
    salt
}

fn hash(argon: &Argon2<'_>, password: &[u8], salt: &[u8]) -> anyhow::Result<String> {
    let phc = argon.hash_password_with_salt(password, salt);
    Ok(phc.map_err(|error| anyhow!("cannot hash a password: {error}"))?.to_string())
}

impl Passwords for Argon {
    fn hash(&self, password: String) -> BoxFuture<'_, Result<String>> {
        let salt = salt(self.chance.as_ref());
        Box::pin(self.run(move |argon| hash(argon, password.as_bytes(), &salt)))
    }

    fn verify(&self, password: String, phc: Option<String>) -> BoxFuture<'_, Result<bool>> {
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.nobody.clone());
        Box::pin(self.run(move |argon| {
            let parsed = PasswordHash::new(&phc);
            let parsed =
                parsed.map_err(|error| anyhow!("a stored password is damaged: {error}"))?;
            Ok(argon.verify_password(password.as_bytes(), &parsed).is_ok() && known)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::clock::SeededChance;

    #[tokio::test]
    async fn only_the_right_password_passes() {
        let chance = Arc::new(SeededChance::new(1));
        let argon = Argon::start(&Limits::default(), chance).expect("starts");
        let phc = argon.hash("correct horse".to_owned()).await.expect("hashes");
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        let right = argon.verify("correct horse".to_owned(), Some(phc.clone())).await;
        assert!(right.expect("verifies"));
        let wrong = argon.verify("correct horsf".to_owned(), Some(phc)).await;
        assert!(!wrong.expect("verifies"));
        let nobody = argon.verify("nobody has this one".to_owned(), None).await;
        assert!(!nobody.expect("verifies"), "nobody's password opens nothing");
    }

    #[tokio::test]
    async fn a_full_queue_says_so() {
        let limits = Limits { password_hashes: 1, password_queue: 1, ..Limits::default() };
        let argon = Argon::start(&limits, Arc::new(SeededChance::new(1))).expect("starts");
        let many = (0..8).map(|_| argon.hash("correct horse".to_owned()));
        let answers = futures_util::future::join_all(many).await;
        let busy = |answer: &Result<String>| matches!(answer, Err(Error::Reject(Reject::Busy)));
        assert!(answers.iter().any(busy) && answers.iter().any(Result::is_ok));
    }
}
