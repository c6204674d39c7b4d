//! A file as it comes out of a hospital's spreadsheet: its text in UTF-8 or GB 18030, its kind, its columns, its rows.
//! Everything wrong with it is told with file, line and column; a cell's own text is repeated only where it is no secret.

use std::path::Path;

use jiaohao_domain::vocabulary::is_plain;

use super::ics::{self, Calendar};
use super::kinds::{Cell, Column, KIND_LINE, Kind, SETTINGS};

/// The largest file, in bytes.
const FILE_MAX_BYTES: u64 = 16 << 20;
/// The most rows of a file.
pub(super) const ROWS_MAX: usize = 50_000;
/// The longest cell, in characters.
const CELL_MAX: usize = 2_000;
/// What a table is saved as.
const TABLE: &str = "\"CSV UTF-8\" (逗号分隔)";
/// So many faults of a file are told.
const FAULTS_MAX: usize = 1_000;
/// So much of a cell is repeated, in characters.
const REPEATED_MAX: usize = 40;

/// Something wrong, where it is, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// The file as it was named.
    pub file: String,
    /// The line, from 1; 0: the file as a whole.
    pub line: u64,
    /// The column's header, if it is one column's.
    pub column: Option<String>,
    /// The stable code of whoever refused it; none: it was not understood.
    pub code: Option<String>,
    /// In words.
    pub says: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ", line {}", self.line)?;
        }
        if let Some(column) = &self.column {
            write!(f, ", {column}")?;
        }
        match &self.code {
            Some(code) => write!(f, ": {code}: {}", self.says),
            None => write!(f, ": {}", self.says),
        }
    }
}

/// A column as a file has it.
#[derive(Clone, Debug)]
pub struct Header {
    /// As the file calls it.
    pub text: String,
    /// How its cells are read.
    pub cell: Cell,
    /// The column's own name; of a setting its path.
    pub name: String,
    /// Its place in a row.
    at: usize,
}

/// One row.
pub struct Row {
    /// Its line.
    pub line: u64,
    /// The queue whose department it is of, where no cell names one.
    pub queue: Option<String>,
    cells: Vec<String>,
}

impl Row {
    /// The cell under a header.
    pub fn cell(&self, header: &Header) -> &str {
        self.cells.get(header.at).map_or("", String::as_str)
    }
}

/// A file that was understood.
pub struct Sheet {
    /// The file as it was named.
    pub file: String,
    /// What it is of.
    pub kind: Kind,
    /// The columns that are read, in the file's order.
    pub headers: Vec<Header>,
    /// Headers of columns that are not read.
    pub ignored: Vec<String>,
    /// Its rows, empty ones left out.
    pub rows: Vec<Row>,
}

impl Sheet {
    /// A table of these columns that stands in no file as one.
    pub fn made(file: &str, kind: Kind, names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let (headers, ignored) = columns(kind, &names);
        Self { file: file.to_owned(), kind, headers, ignored, rows: Vec::new() }
    }

    /// A row more, a cell for each of its columns.
    ///
    /// # Errors
    /// Cells that nobody wants.
    pub fn push(&mut self, line: u64, queue: Option<String>, cells: Vec<String>) -> Result<(), Vec<Fault>> {
        let row = Row { line, queue, cells };
        let wrong = |header: &Header| Some(self.fault(line, Some(header), unfit(row.cell(header), header.cell)?));
        let faults: Vec<Fault> = self.headers.iter().filter_map(wrong).collect();
        self.rows.push(row);
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// The column of that name.
    pub fn header(&self, name: &str) -> Option<&Header> {
        self.headers.iter().find(|header| header.name == name)
    }

    /// A fault in one of its rows.
    pub fn fault(&self, line: u64, header: Option<&Header>, says: impl Into<String>) -> Fault {
        let column = header.map(|header| header.text.clone());
        Fault { file: self.file.clone(), line, column, code: None, says: says.into() }
    }
}

/// A file that was read.
pub enum Content {
    /// A table.
    Table(Sheet),
    /// A calendar, which becomes tables once the site's zone is known.
    Calendar(Calendar),
}

/// A cell as it may be repeated: short, and nothing in it that a terminal obeys.
pub fn repeated(text: &str) -> String {
    let short: String = text.chars().take(REPEATED_MAX).flat_map(char::escape_debug).collect();
    if text.chars().count() > REPEATED_MAX { format!("\"{short}…\"") } else { format!("\"{short}\"") }
}

/// Reads a file.
///
/// # Errors
/// Everything wrong with it as a file; what its cells say is looked at later.
pub fn read(path: &Path) -> Result<Content, Vec<Fault>> {
    let file = path.display().to_string();
    let whole = |says: String| vec![Fault { file: file.clone(), line: 0, column: None, code: None, says }];
    let missing = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            whole("there is no such file; `jiaohao import --templates DIR` writes files to start from".to_owned())
        }
        std::io::ErrorKind::PermissionDenied => whole("closed to this user: copy it, or run as its owner".to_owned()),
        _ => whole(error.to_string()),
    };
    let size = std::fs::metadata(path).map_err(missing)?.len();
    if size > FILE_MAX_BYTES {
        return Err(whole(format!("{size} bytes; {FILE_MAX_BYTES} at most")));
    }
    let bytes = std::fs::read(path).map_err(missing)?;
    match ics::is_calendar(&file, &bytes) {
        true => ics::parse(&file, &bytes).map(Content::Calendar),
        false => parse(&file, &bytes).map(Content::Table),
    }
}

/// The text of a file: UTF-8, with or without its mark, else GB 18030 (GBK and GB 2312 are parts of it).
///
/// # Errors
/// What it is instead, and `save_as` what it is to be saved.
pub(super) fn decode(bytes: &[u8], save_as: &str) -> Result<String, String> {
    match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) if encoding != encoding_rs::UTF_8 => {
            return Err(format!("UTF-16; save it as {save_as}"));
        }
        _ if [&b"PK\x03\x04"[..], b"\xD0\xCF\x11\xE0"].iter().any(|mark| bytes.starts_with(mark)) => {
            return Err(format!("a workbook (.xlsx, .xls); open it and save the sheet as {save_as}"));
        }
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => encoding_rs::GB18030
            .decode_without_bom_handling_and_without_replacement(bytes)
            .map(std::borrow::Cow::into_owned)
            .ok_or_else(|| format!("neither UTF-8 nor GB 18030; save it as {save_as}")),
    }
}

/// Reads the bytes of a file of that name.
///
/// # Errors
/// See [`read`].
pub fn parse(file: &str, bytes: &[u8]) -> Result<Sheet, Vec<Fault>> {
    let fault = |line: u64, column: Option<&str>, says: String| Fault {
        file: file.to_owned(),
        line,
        column: column.map(str::to_owned),
        code: None,
        says,
    };
    let text = decode(bytes, TABLE).map_err(|says| vec![fault(0, None, says)])?;
    let said_kind = said_kind(&text).map_err(|(line, says)| vec![fault(line, None, says)])?;
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    // A comment with a comma in it comes back from a spreadsheet in quotation marks.
    let is_comment =
        |record: &csv::Result<csv::StringRecord>| record.as_ref().is_ok_and(|r| tidy(&r[0]).starts_with('#'));
    let mut records = reader.records().filter(|record| !is_comment(record));
    // A title over the table is one cell alone.
    let is_title = |r: &csv::StringRecord| r.iter().filter(|cell| !tidy(cell).is_empty()).count() < 2;
    let first = match records.find(|record| !record.as_ref().is_ok_and(is_title)) {
        Some(Ok(record)) => record,
        Some(Err(error)) => return Err(vec![fault(0, None, error.to_string())]),
        None => return Err(vec![fault(0, None, no_columns(&text).to_owned())]),
    };
    let header_line = line_of(&first, &text);
    let names: Vec<String> = first.iter().map(tidy).collect();
    let kind = said_kind.map_or_else(|| recognise(&names), Ok);
    let kind = kind.map_err(|says| vec![fault(header_line, None, says)])?;
    let (headers, ignored) = columns(kind, &names);
    if let Some(header) = headers.iter().find(|header| names.iter().filter(|name| **name == header.text).count() > 1) {
        let says = "the column stands there twice: delete or rename one of the two".to_owned();
        return Err(vec![fault(header_line, Some(&header.text), says)]);
    }
    let is_missing = |column: &&Column| column.required && !headers.iter().any(|header| header.name == column.name);
    let missing: Vec<Fault> = kind
        .columns()
        .iter()
        .filter(is_missing)
        .map(|column| fault(header_line, Some(column.name), format!("the column is missing ({})", column.says)))
        .collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let mut sheet = Sheet { file: file.to_owned(), kind, headers, ignored, rows: Vec::new() };
    let mut faults = Vec::new();
    for record in records {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                faults.push(fault(0, None, error.to_string()));
                break;
            }
        };
        let line = line_of(&record, &text);
        if record.iter().all(|cell| tidy(cell).is_empty()) {
            continue;
        }
        if sheet.rows.len() == ROWS_MAX || faults.len() >= FAULTS_MAX {
            let says = if faults.is_empty() { format!("{ROWS_MAX} rows at most") } else { "and so on".to_owned() };
            faults.push(fault(line, None, says));
            break;
        }
        if record.len() > names.len() && record.iter().skip(names.len()).any(|cell| !tidy(cell).is_empty()) {
            let says =
                format!("{} cells under {} columns: is a comma inside a cell not quoted?", record.len(), names.len());
            faults.push(fault(line, None, says));
            continue;
        }
        let row = Row { line, queue: None, cells: record.iter().map(tidy).collect() };
        for header in &sheet.headers {
            if let Some(says) = unfit(row.cell(header), header.cell) {
                faults.push(fault(line, Some(&header.text), says));
            }
        }
        sheet.rows.push(row);
    }
    if sheet.rows.is_empty() && faults.is_empty() {
        faults.push(fault(0, None, "there are no rows".to_owned()));
    }
    if faults.is_empty() { Ok(sheet) } else { Err(faults) }
}

/// Why no line has the names of the columns.
fn no_columns(text: &str) -> &'static str {
    let lines = || text.lines().filter(|line| !line.starts_with('#'));
    let has = |separator: char| lines().any(|line| line.contains(separator));
    if lines().map(|line| line.matches('"').count()).sum::<usize>() % 2 == 1 {
        "a quotation mark is opened and never closed, so that all after it is one cell"
    } else if has('\t') {
        "its cells are separated by tabs; save it as \"CSV UTF-8\", with commas"
    } else if has(';') {
        "its cells are separated by semicolons; save it as \"CSV UTF-8\", with commas (; stands between several things in a cell)"
    } else {
        "there is no line with the names of the columns"
    }
}

/// The line on which a record begins: behind comments and empty lines.
fn line_of(record: &csv::StringRecord, text: &str) -> u64 {
    let Some(position) = record.position() else { return 0 };
    let start = usize::try_from(position.byte()).unwrap_or(0);
    let before = text.get(start..).unwrap_or_default().split_inclusive('\n');
    let skipped = before.take_while(|line| line.trim().is_empty() || line.starts_with('#')).count();
    position.line() + skipped as u64
}

/// Blanks around it go, also those of a Chinese keyboard, and so does the mark that some programs put before text.
fn tidy(cell: &str) -> String {
    cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').to_owned()
}

/// Why nobody wants that cell, whatever column it is in.
fn unfit(cell: &str, is: Cell) -> Option<String> {
    let secret = is == Cell::Password;
    let shown = || if secret { "the cell".to_owned() } else { repeated(cell) };
    if cell.chars().count() > CELL_MAX {
        return Some(format!("{CELL_MAX} characters at most"));
    }
    if cell.contains('\n') {
        // Not repeated: with the next line there may be a secret in it.
        return Some("the cell goes over the end of the line: is a quotation mark missing?".to_owned());
    }
    if !is_plain(cell, CELL_MAX) {
        return Some(format!("{} has a control, an invisible or a direction-turning character", shown()));
    }
    // Of a number a minus is one, and it is told what numbers there may be.
    let is_negative = matches!(is, Cell::Whole | Cell::MaybeWhole | Cell::Yuan)
        && cell.strip_prefix('-').is_some_and(|number| number.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.')));
    if !secret && !is_negative && cell.starts_with(['=', '+', '-', '@']) {
        return Some(format!("{} is what a spreadsheet takes for a formula; write the value itself", shown()));
    }
    None
}

/// The kind that a comment before the columns says.
fn said_kind(text: &str) -> Result<Option<Kind>, (u64, String)> {
    for (n, line) in text.lines().enumerate().take_while(|(_, line)| line.starts_with('#') || line.trim().is_empty()) {
        let said = line.trim_start_matches('#').trim();
        if let Some(name) = said.strip_prefix(KIND_LINE) {
            // A spreadsheet that has saved the file has put commas behind it.
            let name = name.trim_matches(|c: char| c.is_whitespace() || c == ',');
            let kind = Kind::named(name)
                .ok_or_else(|| (n as u64 + 1, format!("{} is no kind; there are {}", repeated(name), all_kinds())))?;
            return Ok(Some(kind));
        }
    }
    Ok(None)
}

fn all_kinds() -> String {
    Kind::ALL.map(Kind::name).join(", ")
}

/// The one kind that has all it needs among these columns, and the most of them.
fn recognise(names: &[String]) -> Result<Kind, String> {
    let fits = |kind: &Kind| {
        let (found, _) = columns(*kind, names);
        let is_there = |column: &Column| !column.required || found.iter().any(|header| header.name == column.name);
        kind.columns().iter().all(is_there).then_some(found.len())
    };
    let fitting: Vec<(usize, Kind)> = Kind::ALL.iter().filter_map(|kind| Some((fits(kind)?, *kind))).collect();
    let most = fitting.iter().map(|(found, _)| *found).max();
    let best: Vec<Kind> = fitting.iter().filter(|(found, _)| Some(*found) == most).map(|(_, kind)| *kind).collect();
    match best.as_slice() {
        [kind] => Ok(*kind),
        [] => Err(format!("these columns are of no kind; `jiaohao import --template KIND` has them ({})", all_kinds())),
        several => {
            let names: Vec<&str> = several.iter().map(|kind| kind.name()).collect();
            Err(format!("these columns may be of {}: write `# {KIND_LINE} …` on the line before", names.join(" or ")))
        }
    }
}

/// The columns that are read, the first where two stand for one, and the headers of the others.
fn columns(kind: Kind, names: &[String]) -> (Vec<Header>, Vec<String>) {
    let mut headers: Vec<Header> = Vec::new();
    let mut ignored = Vec::new();
    for (at, text) in names.iter().enumerate() {
        let plain = text.to_lowercase().replace('（', "(").replace('）', ")");
        let known = kind.columns().iter().find(|c| c.name == plain || c.aliases.contains(&plain.as_str()));
        let setting = plain.strip_prefix(SETTINGS).filter(|_| kind == Kind::Departments);
        let found = known
            .map(|column| (column.name.to_owned(), column.cell))
            .or_else(|| setting.map(|path| (path.to_owned(), Cell::Setting)));
        match found {
            Some((name, cell)) if !headers.iter().any(|header| header.name == name) => {
                headers.push(Header { text: text.clone(), cell, name, at });
            }
            _ if text.is_empty() => {}
            _ => ignored.push(text.clone()),
        }
    }
    (headers, ignored)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCTORS: &str = "id,name,title,departments\nli,李明,主任医师,internal\n";

    fn says(text: &str) -> Vec<String> {
        match parse("f.csv", text.as_bytes()) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
        }
    }

    fn cells(sheet: &Sheet) -> Vec<(u64, Vec<&str>)> {
        let cells = |row: &'_ Row| sheet.headers.iter().map(|header| row.cell(header).to_owned()).collect::<Vec<_>>();
        let _ = cells;
        sheet.rows.iter().map(|row| (row.line, sheet.headers.iter().map(|header| row.cell(header)).collect())).collect()
    }

    #[test]
    fn utf_8_with_and_without_its_mark_and_gb_18030_are_the_same() {
        let gb = encoding_rs::GB18030.encode(DOCTORS).0.into_owned();
        assert!(std::str::from_utf8(&gb).is_err());
        let marked = [b"\xEF\xBB\xBF", DOCTORS.as_bytes()].concat();
        for bytes in [DOCTORS.as_bytes(), &marked, &gb] {
            let sheet = parse("f.csv", bytes).map_err(|faults| faults[0].to_string()).expect("read");
            assert_eq!(sheet.kind, Kind::Doctors);
            assert_eq!(cells(&sheet), [(2, vec!["li", "李明", "主任医师", "internal"])]);
        }
        let utf_16: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain(DOCTORS.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for (bytes, what) in [(utf_16, "UTF-16"), (b"id,name\n\xFF\xFF\xFF".to_vec(), "neither UTF-8 nor GB 18030")] {
            let faults = parse("f.csv", &bytes).map(|_| ()).expect_err("refused");
            assert!(faults[0].says.starts_with(what), "{}", faults[0]);
        }
    }

    #[test]
    fn a_hospitals_own_headers_quotes_comments_and_empty_lines_are_read() {
        let text = "# 医生名单\r\n内科医生名单,,,,,\r\n\"# a, b\",,,,,\r\n工号,姓名,职称,科室编码,科室名称,电话\r\n# in between\r\n\r\n\
                    li,\"李明, 教授\",主任医师,internal,内科,\r\n,,,,,\r\n\u{3000}wang ,\"王\"\"小\"\"二\",住院医师,internal,,\r\n";
        let sheet = parse("f.csv", text.as_bytes()).map_err(|faults| faults[0].to_string()).expect("read");
        assert_eq!(
            (sheet.kind, sheet.ignored.clone()),
            (Kind::Doctors, vec!["科室名称".to_owned(), "电话".to_owned()])
        );
        assert_eq!(
            cells(&sheet),
            [
                (7, vec!["li", "李明, 教授", "主任医师", "internal"]),
                (9, vec!["wang", "王\"小\"二", "住院医师", "internal"])
            ]
        );
    }

    #[test]
    fn the_kind_is_seen_by_the_columns_or_said() {
        let kind = |text: &str| parse("f.csv", text.as_bytes()).map(|sheet| sheet.kind).map_err(|f| f[0].says.clone());
        assert_eq!(kind("科室编码,科室名称\ninternal,内科\n"), Ok(Kind::Departments));
        assert_eq!(kind("诊室编码,诊室名称,科室编码\nr3,3号诊室,internal\n"), Ok(Kind::Rooms));
        assert_eq!(kind("# kind: rooms,,,\nid,name\ninternal.r3,3号诊室\n"), Ok(Kind::Rooms));
        assert_eq!(kind("#kind: 诊室\nid,name\ninternal.r3,3号诊室\n"), Ok(Kind::Rooms));
        let both = kind("id,name\ninternal,内科\n").unwrap_err();
        assert!(both.starts_with("these columns may be of departments or rooms"), "{both}");
        assert!(kind("a,b\n1,2\n").unwrap_err().starts_with("these columns are of no kind"));
        assert!(kind("# kind: wards\nid,name\na,b\n").unwrap_err().starts_with("\"wards\" is no kind"));
    }

    #[test]
    fn every_fault_says_file_line_column_and_what_is_allowed() {
        assert_eq!(says(DOCTORS), [""; 0]);
        assert_eq!(
            says("# kind: doctors\nid,name,title\nli,李明,主任医师\n"),
            ["f.csv, line 2, departments: the column is missing (where the doctor works; several with ;)"]
        );
        let head = "id,name,title,departments\n";
        let one = |row: &str| says(&format!("{head}li,李明,主任医师,internal\n{row}\n"));
        assert_eq!(
            one("wang,=1+1,x,internal"),
            ["f.csv, line 3, name: \"=1+1\" is what a spreadsheet takes for a formula; write the value itself"]
        );
        assert_eq!(
            one("wang,王\u{202e}二,x,internal"),
            ["f.csv, line 3, name: \"王\\u{202e}二\" has a control, an invisible or a direction-turning character"]
        );
        assert_eq!(
            one("wang,王二,x,internal,y"),
            ["f.csv, line 3: 5 cells under 4 columns: is a comma inside a cell not quoted?"]
        );
        assert!(one("wang,\"王二,x,internal\nzhao,赵六,x,internal")[0].contains("is a quotation mark missing?"));
        assert_eq!(
            one(&format!("wang,{},x,internal", "长".repeat(2001))),
            ["f.csv, line 3, name: 2000 characters at most"]
        );
        assert_eq!(
            says("id,name,title,departments,电话,电话,name\nli,李明,主任医师,internal,1,2,王二\n"),
            ["f.csv, line 1, name: the column stands there twice: delete or rename one of the two"]
        );
        assert_eq!(says("工号,职称,姓名,科室,电话,电话,科室名称\nli,主任医师,李明,internal,1,2,内科\n"), [""; 0]);
        assert_eq!(says(""), ["f.csv: there is no line with the names of the columns"]);
        assert_eq!(says(head), ["f.csv: there are no rows"]);
    }

    #[test]
    fn a_file_that_is_no_table_of_commas_is_told_what_it_is() {
        let told = |bytes: &[u8]| parse("f.csv", bytes).map(|_| ()).expect_err("refused")[0].says.clone();
        assert!(told(b"PK\x03\x04\x14\x00\x06\x00").starts_with("a workbook (.xlsx, .xls)"));
        assert!(told("# 医生\nid;name;title\nli;李明;主任医师\n".as_bytes()).contains("by semicolons"));
        assert!(told("id\tname\ttitle\nli\t李明\t主任医师\n".as_bytes()).contains("by tabs"));
        assert!(told("\"id,name,title\nli,李明,主任医师\n".as_bytes()).contains("never closed"));
    }

    #[test]
    fn a_secret_is_never_repeated() {
        let told = says("id,role,password\nli,doctor,hush\u{202e}hush-hush\n");
        assert_eq!(
            told,
            ["f.csv, line 2, password: the cell has a control, an invisible or a direction-turning character"]
        );
        assert_eq!(says("id,role,password\nli,doctor,=starts-as-it-likes\n"), [""; 0]);
    }
}
