//! Tests of `export` and `import` of lines: what is written of a damaged log, and what is refused.

use std::io::Cursor;
use std::path::PathBuf;

use super::contract::read;
use super::journal::{Exported, Imported, Whole, export, import_lines, verify};
use super::journal_tests::{filled, flip, sound};
use super::tests::{InFolder, small};
use super::{LogError, Record, SegmentLog, SegmentOptions};

fn options() -> SegmentOptions {
    SegmentOptions { history: None, ..small(5000) }
}

/// What an import of the text says, and what the log then holds.
fn import(text: &str, whole: Whole) -> (Result<Imported, String>, Vec<Record>) {
    let target = InFolder::new(small(5000));
    match import_lines(&target.path(), Cursor::new(text), options(), whole) {
        Ok(imported) => (Ok(imported), read(&SegmentLog::open(&target.path(), options()).unwrap().0, 0)),
        Err(error) => {
            assert!(!target.path().exists(), "whole or not at all");
            (Err(error.to_string()), Vec::new())
        }
    }
}

fn exported(factory: &InFolder) -> (Exported, String) {
    let mut lines = Vec::new();
    let render = |record: &Record| (record.kind == 7).then(|| serde_json::json!({"second": {}}));
    let exported = export(&factory.path(), &mut lines, &render).unwrap();
    (exported, String::from_utf8(lines).unwrap())
}

#[test]
fn an_export_is_imported_as_it_was() {
    let (factory, written) = filled(true);
    let (out, text) = exported(&factory);
    assert_eq!((out.records, out.last_commit, out.damage.is_none()), (80, 60, true));
    assert_eq!(text.lines().count(), 82, "a heading, the records, the end");
    let target = InFolder::new(small(5000));
    let imported = import_lines(&target.path(), Cursor::new(&text), options(), Whole::Only).unwrap();
    assert_eq!(imported, Imported { records: 80, commits: 60, lacks: None });
    let (log, _) = SegmentLog::open(&target.path(), options()).unwrap();
    assert_eq!(read(&log, 0), written);
    assert_ne!(super::Log::history_id(&log), small(1).history.unwrap(), "another history");
    assert_eq!(verify(&target.path(), &mut sound).unwrap().damaged, []);
    let error = import_lines(&target.path(), Cursor::new(&text), options(), Whole::Only).unwrap_err();
    assert!(error.to_string().contains("is not empty"), "{error}");

    let without = |n: usize| {
        text.lines().enumerate().filter(|(i, _)| *i != n).map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    for (wrong, says) in [
        (without(0), "not an export"),
        (without(1), "does not follow"),
        (without(40), "does not follow"),
        (without(3), "does not follow"),
        (text.replacen("\"probe\"", "\"prober\"", 1), "no kind of owner"),
        (text.replacen("\"site:a\"", "site:a", 1), "line 2 is no record"),
        (format!("{text}{}", text.lines().last().unwrap()), "line 83 stands behind the end"),
    ] {
        for whole in [Whole::Only, Whole::OrPartial] {
            let said = import(&wrong, whole).0.unwrap_err();
            assert!(said.contains(says), "{said}");
        }
    }
}

#[test]
fn an_export_that_is_cut_or_changed_is_taken_on_word_only() {
    let (factory, written) = filled(true);
    let text = exported(&factory).1;
    let lines: Vec<&str> = text.lines().collect();
    let first = |lines_kept: usize| format!("{}\n", lines[..lines_kept].join("\n"));
    let at = format!("\"at\":{}", written[50].at.0);
    let moved = lines[51].replacen(&at, "\"at\":1", 1);
    assert_ne!(moved, lines[51], "{at}");
    let without_last_record = format!("{}\n{}\n", lines[..80].join("\n"), lines[81]);
    let wrongs = [
        // commits of 1, 1 and 2 records: 39 records are 29 commits and the first record of the next
        (first(40), "cut after commit 30, with 39 records", 38),
        (first(41), "cut after commit 30, with 40 records", 40),
        (first(81), "cut after commit 60", 80),
        (text[..text.len() - 1].to_owned(), "cut after commit 60", 80),
        (text[..text.len() - 200].to_owned(), "cut after commit 60, with 79 records", 78),
        (text.replacen(lines[51], &moved, 1), "the export was changed", 80),
        (without_last_record, "79 records up to commit 60 where its last line says 80", 78),
        (first(1), "cut after commit 0", 0),
    ];
    for (wrong, says, taken) in wrongs {
        let said = import(&wrong, Whole::Only).0.unwrap_err();
        assert!(said.contains(says) && said.contains("--partial"), "{said}");
        let (imported, read) = import(&wrong, Whole::OrPartial);
        let imported = imported.unwrap();
        assert_eq!((imported.records, read.len()), (taken, taken as usize), "{says}");
        assert!(imported.lacks.unwrap().contains(says));
        assert!(read.iter().zip(&written).all(|(read, written)| read.payload == written.payload));
    }
}

/// Cuts nothing, flips a byte of the last segment: what was written is what stands before it.
#[test]
fn a_damaged_log_is_written_out_up_to_the_damage() {
    for pruned in [false, true] {
        let (factory, written) = filled(pruned);
        let names = factory.path().read_dir().unwrap().map(|entry| entry.unwrap().path());
        let mut segments: Vec<PathBuf> = names.filter(|path| path.extension().is_some_and(|e| e == "seg")).collect();
        segments.sort();
        flip(segments.last().unwrap(), 700);
        let (out, text) = exported(&factory);
        let error = out.damage.expect("named");
        assert!(matches!(&error, LogError::Damaged { place, .. } if place.contains("byte")), "{error}");
        assert!(out.records > 40 && (out.records as usize) < written.len(), "{}", out.records);
        assert_eq!(text.lines().count() as u64, out.records + 1, "no end");
        let (imported, read) = import(&text, Whole::OrPartial);
        assert_eq!((imported.unwrap().records, &read[..]), (out.records, &written[..out.records as usize]));
        let found = verify(&factory.path(), &mut sound).unwrap().damaged;
        assert_eq!(found.len(), 1, "one byte is one damage: {found:?}");
    }
}

#[test]
fn archives_help_an_export_and_a_lost_mark_costs_no_record() {
    let (factory, written) = filled(false);
    flip(&factory.path().join("0000000002.seg"), 700);
    let (out, text) = exported(&factory);
    assert!(out.damage.is_none() && out.records == 80, "its archive tells it");
    assert_eq!(import(&text, Whole::Only).1, written);
    std::fs::write(factory.path().join("mark"), b"").unwrap();
    let out = exported(&factory).0;
    assert_eq!((out.records, out.damage.is_some()), (80, true));
    flip(&factory.path().join("archive/0000000002.seg.zst"), 60);
    let out = exported(&factory).0;
    assert!(out.records > 0 && out.records < 40, "{}", out.records);
    assert!(out.damage.unwrap().to_string().contains("0000000002.seg byte"));
}
