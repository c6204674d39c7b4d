//! Users of this machine: whose a file is, and who runs the program, in words for whoever started it as the wrong one.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

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
    found
        .map_or_else(|| "it must belong to the user under whom jiaohao runs".to_owned(), |(at, of)| says(at, of, own()))
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
        let folder = tempfile::tempdir().expect("a folder");
        let within = folder.path().join("keys").join("token.key");
        assert!(closed(&within).contains(&folder.path().display().to_string()), "the folder that there is");
    }
}
