//! Users of this machine: whose a file is, and who runs the program, in words for whoever started it as the wrong one.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Who is root.
const ROOT: u32 = 0;

/// Who runs the program.
fn own() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The name of a user of this machine, else the number as `sudo -u` takes it.
fn name(of: u32) -> String {
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let id = of.to_string();
    let mut names = known.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    });
    names.next().unwrap_or_else(|| format!("'#{id}'"))
}

/// What to do about a file or folder that this user may not read or write: whose it is, and the command that mends it.
pub fn closed(path: &Path) -> String {
    // What lies in a folder that is closed cannot be looked at: then it is the folder.
    let found = path.ancestors().find_map(|at| Some((at, std::fs::metadata(at).ok()?.uid())));
    let Some((at, of)) = found else { return "it must belong to the user under whom jiaohao runs".to_owned() };
    // A folder of one's own may hold somebody else's file: then it is the file.
    match another_in(at, of) {
        Some((file, whose)) if of == own() => of_another(&file, whose, at, of),
        _ => says(at, of, own()),
    }
}

/// The first entry of a folder that is not of the folder's owner.
fn another_in(folder: &Path, of: u32) -> Option<(PathBuf, u32)> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).ok()?.filter_map(|at| Some(at.ok()?.path())).collect();
    entries.sort();
    entries.into_iter().find_map(|at| {
        let whose = std::fs::symlink_metadata(&at).ok()?.uid();
        (whose != of).then_some((at, whose))
    })
}

fn of_another(file: &Path, whose: u32, folder: &Path, own: u32) -> String {
    let (file, folder, whose, own) = (file.display(), folder.display(), name(whose), name(own));
    format!("{file} belongs to {whose}, and jiaohao runs as {own}: `chown -R {own}: {folder}`")
}

fn says(at: &Path, of: u32, own: u32) -> String {
    let (at, whose, own_name) = (at.display(), name(of), name(own));
    match of == own {
        true => format!("it belongs to {own_name}, who may not: `chmod -R u+rwX {at}`"),
        false => format!("{at} belongs to {whose}, and jiaohao runs as {own_name}: `chown -R {own_name}: {at}`"),
    }
}

/// Whose the folder is, where root is at work in a folder of somebody else: what root writes there its owner cannot use.
pub(super) fn anothers(folder: &Path) -> std::io::Result<Option<String>> {
    let of = std::fs::metadata(folder)?.uid();
    Ok((own() == ROOT && of != ROOT).then(|| name(of)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_it_is_and_what_mends_it_is_said() {
        let at = Path::new("/d/log");
        assert_eq!(
            says(at, ROOT, 4_000_000_000),
            "/d/log belongs to root, and jiaohao runs as '#4000000000': `chown -R '#4000000000': /d/log`"
        );
        assert_eq!(says(at, ROOT, ROOT), "it belongs to root, who may not: `chmod -R u+rwX /d/log`");
        let segment = at.join("1.seg");
        assert_eq!(
            of_another(&segment, ROOT, at, 4_000_000_000),
            "/d/log/1.seg belongs to root, and jiaohao runs as '#4000000000': `chown -R '#4000000000': /d/log`"
        );
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("1.seg"), "").expect("written");
        assert_eq!(another_in(folder.path(), own()), None);
        let stranger = another_in(folder.path(), own() + 1);
        assert_eq!(stranger, Some((folder.path().join("1.seg"), own())), "a file of another than the folder");
        let within = folder.path().join("keys").join("token.key");
        assert!(closed(&within).contains(&folder.path().display().to_string()), "the folder that there is");
    }
}
