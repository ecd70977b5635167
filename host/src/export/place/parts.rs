//! Files on their way into a folder. Each is held while its maker lives, so that those which a killed process left are known, and taken away.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use crate::alive;
use crate::digest::hex_sha256;

/// Where they are below the folder, so that they are on the same disk and are found without looking through the whole data set.
const FOLDER: &str = ".parts";
/// How their names begin and end; between that stands which machine it is, as it was started.
const BEGINNING: &str = ".mcpcap-";
const ENDING: &str = ".part";
/// Characters that tell machines apart.
const MACHINE: usize = 12;
/// How old those of another machine are that nobody holds: some file systems do not tell of locks of other machines.
const OLD: Duration = Duration::from_secs(7 * 24 * 3600);
/// How often a file is made again that somebody who cleans up has taken for an old one.
const TRIES: u32 = 10;

/// Where they are.
pub struct Parts {
    folder: PathBuf,
    /// Of those of this machine.
    own: Option<String>,
}

impl Parts {
    /// Of a data set in a folder. Takes away what killed processes left.
    pub fn of(folder: &Path) -> Self {
        let own = alive::boot().map(|boot| {
            let digest = hex_sha256(boot.as_bytes());
            format!("{BEGINNING}{}-", digest.get(..MACHINE).unwrap_or(&digest))
        });
        let parts = Self { folder: folder.join(FOLDER), own };
        parts.clean();
        parts
    }

    /// A file under a name that no reader of a data set looks for.
    pub fn begin(&self) -> io::Result<NamedTempFile> {
        use std::os::unix::fs::PermissionsExt;
        let prefix = self.own.as_deref().unwrap_or(BEGINNING);
        let mut tries = TRIES;
        loop {
            std::fs::create_dir_all(&self.folder)?;
            let made = tempfile::Builder::new()
                .prefix(prefix)
                .suffix(ENDING)
                // As any other file that the user makes: what reads a data set may be somebody else.
                .permissions(std::fs::Permissions::from_mode(0o666))
                .tempfile_in(&self.folder);
            tries = tries.saturating_sub(1);
            match made {
                Ok(file) if alive::hold(file.as_file())? => return Ok(file),
                // Another process has ended, and took the folder away, or cleans up.
                Err(error) if error.kind() != io::ErrorKind::NotFound || tries == 0 => return Err(error),
                Ok(_) if tries == 0 => return Err(io::ErrorKind::WouldBlock.into()),
                _ => {}
            }
        }
    }

    fn clean(&self) {
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            let Some(name) = name.to_str().filter(|name| name.starts_with(BEGINNING) && name.ends_with(ENDING)) else {
                continue;
            };
            let Some(file) = alive::left_behind(&path) else { continue };
            let is_own = self.own.as_ref().is_some_and(|own| name.starts_with(own));
            let age = file.metadata().and_then(|about| about.modified()).ok();
            let age = age.and_then(|written| SystemTime::now().duration_since(written).ok());
            if is_own || age.is_some_and(|age| age > OLD) {
                // Held until it is gone, so that nobody takes it for a new one.
                let _ = std::fs::remove_file(&path);
            }
        }
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        // Where somebody else still makes files, it stays.
        let _ = std::fs::remove_dir(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_makes_any_more_is_taken_away_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let one = Parts::of(folder.path());
        let made = one.begin().unwrap();
        let own = made.path().file_name().unwrap().to_str().unwrap().to_owned();
        let at = |name: &str| folder.path().join(FOLDER).join(name);
        // What a process leaves that was killed: nobody holds it.
        let left = own.replace(ENDING, "x.part");
        let written = |name: &str, age: Duration| {
            let file = std::fs::File::create_new(at(name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        };
        let long = OLD + Duration::from_secs(60);
        // Where nothing tells one start of the machine from another, it has to be old.
        written(&left, if one.own.is_some() { Duration::ZERO } else { long });
        written(".mcpcap-0123456789ab-a.part", long);
        let others = [".mcpcap-0123456789ab-b.part", "mine", ".mcpcap-x", "mine.part"];
        for name in others {
            written(name, if name.contains("0123") { Duration::ZERO } else { long });
        }
        std::os::unix::fs::symlink(at("mine"), at(&own.replace(ENDING, "y.part"))).unwrap();
        let other = Parts::of(folder.path());
        let mut there: Vec<String> =
            std::fs::read_dir(at("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        there.sort();
        let mut stay: Vec<String> = others.map(str::to_owned).into();
        stay.extend([own.clone(), own.replace(ENDING, "y.part")]);
        stay.sort();
        assert_eq!(there, stay);
        // Who still makes one finishes it.
        drop(other);
        made.persist(folder.path().join("done")).unwrap();
        for name in stay.iter().filter(|name| **name != own) {
            std::fs::remove_file(at(name)).unwrap();
        }
        drop(one);
        assert!(!at("").exists());
    }

    #[test]
    fn a_folder_that_another_process_took_away_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (Parts::of(folder.path()), Parts::of(folder.path()));
        drop(one.begin().unwrap());
        drop(one);
        assert!(other.begin().is_ok());
    }
}
