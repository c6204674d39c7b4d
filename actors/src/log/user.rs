//! Users of this machine: whose a file is, and who runs the program, in words for whoever started it as the wrong one.

use std::io::ErrorKind;
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
    name_in("/etc/passwd", of)
}

/// The group of who runs the program.
fn own_group() -> String {
    name_in("/etc/group", rustix::process::getegid().as_raw())
}

fn name_in(list: &str, of: u32) -> String {
    let known = std::fs::read_to_string(list).unwrap_or_default();
    let id = of.to_string();
    let mut names = known.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    });
    names.next().unwrap_or_else(|| format!("'#{id}'"))
}

/// What to do about a data folder, or what is in it, that this user may not read or write: whose it is, and the command that
/// mends it. One for all that a folder holds is told only of the data folder and what is below it.
pub fn closed(path: &Path, data: &Path) -> String {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (path, data) = (whole(path), whole(data));
    // What lies in a folder that is closed cannot be looked at: then it is the folder.
    let found = path.ancestors().find_map(|at| Some((at, std::fs::metadata(at).ok()?.uid())));
    let Some((at, of)) = found else { return "it must belong to the user under whom jiaohao runs".to_owned() };
    if !at.starts_with(&data) {
        let is_there = std::fs::metadata(&data).err().is_none_or(|why| why.kind() != ErrorKind::NotFound);
        return if is_there { not_entered(at, &name(own())) } else { not_made(&data, &name(own()), &own_group()) };
    }
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

/// What to do about a folder that is to be made where this user may not.
fn not_made(folder: &Path, own: &str, group: &str) -> String {
    let folder = folder.display();
    format!("it is not there, and {own} may not make it: `install -d -m 700 -o {own} -g {group} {folder}`")
}

/// What to do about a folder on the way that is closed.
fn not_entered(at: &Path, own: &str) -> String {
    let at = at.display();
    format!("jiaohao runs as {own}, who may not go through {at}: `chmod o+x {at}`")
}

/// What to do about a file elsewhere that this user may not read.
pub fn unread(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let own = name(own());
    match path.ancestors().find(|at| std::fs::metadata(at).is_ok()) {
        Some(at) if at != path => not_entered(at, &own),
        _ => {
            let (group, path) = (own_group(), path.display());
            format!("jiaohao runs as {own}: `chgrp {group} {path} && chmod g+r {path}`")
        }
    }
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
pub fn anothers(folder: &Path) -> std::io::Result<Option<String>> {
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
        let said = closed(&within, folder.path());
        assert!(said.contains(&folder.path().display().to_string()), "the folder that there is: {said}");
        let said = closed(folder.path(), folder.path());
        assert!(said.contains(&folder.path().display().to_string()), "the data folder itself: {said}");
    }

    #[test]
    fn what_is_above_the_data_folder_is_given_to_nobody() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let made = format!(
            "it is not there, and {0} may not make it: `install -d -m 700 -o {0} -g {1} {2}`",
            name(own()),
            own_group(),
            data.display()
        );
        assert_eq!(closed(&data, &data), made);
        assert_eq!(closed(&data.join("log").join("mark"), &data), made);
        let far = Path::new("/no-such-folder/data");
        assert!(closed(far, far).ends_with(" /no-such-folder/data`"), "{}", closed(far, far));
        assert_eq!(
            not_entered(Path::new("/srv"), "jiaohao"),
            "jiaohao runs as jiaohao, who may not go through /srv: `chmod o+x /srv`"
        );
    }
}
