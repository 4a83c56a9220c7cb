package sql_test

import (
	"context"
	gosql "database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"wand/hostfuncs"
	"wand/hostfuncs/internal/tooltest"
	"wand/hostfuncs/sql"
)

const fixture = `
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL, made DATETIME, flag BOOLEAN, picture BLOB);
INSERT INTO item VALUES
	(1, 'Hammer <b> & "é"', 12.0, '2024-01-02', true, x'00ff'),
	(2, 'Nail', 0.1, '2024-01-02 03:04:05+02:00', false, NULL),
	(3, 'Saw', NULL, 1700000000, NULL, x'');
CREATE VIEW cheap AS SELECT name FROM item WHERE price < 1;
CREATE VIEW broken AS SELECT * FROM gone;
CREATE TABLE secret(id INTEGER PRIMARY KEY, "a ""b" TEXT, twice AS (id * 2));
CREATE VIRTUAL TABLE doc USING fts5(body);
CREATE VIRTUAL TABLE box USING rtree(id, low, high);
INSERT INTO box VALUES (1, 2, 3);
INSERT INTO doc VALUES ('the quick brown fox'), ('lazy dog');
`

// database makes a SQLite file.
func database(t testing.TB, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "host ?#%20name.db")
	db, err := gosql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(script); err != nil {
		t.Fatal(err)
	}
	return path
}

func newRun(t testing.TB, c sql.Config) *tooltest.Run {
	t.Helper()
	s, err := sql.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return tooltest.New(t, nil, s.Tools()...)
}

func shop(t testing.TB) *tooltest.Run {
	return newRun(t, sql.Config{Databases: []sql.Database{{Name: "shop", File: database(t, fixture)}}})
}

func quote(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

func TestQuery(t *testing.T) {
	run := shop(t)
	for _, c := range []struct{ query, more, want string }{
		{"SELECT id, name, price, made, flag, picture FROM item ORDER BY id", "", `{"columns":["id","name","price","made","flag","picture"],"rows":[` +
			`[1,"Hammer <b> & \"é\"",12.0,"2024-01-02",1,{"$type":"bytes","value":"AP8="}],` +
			`[2,"Nail",0.1,"2024-01-02 03:04:05+02:00",0,null],` +
			`[3,"Saw",null,1700000000,null,{"$type":"bytes","value":""}]],"truncated":false}`},
		{"SELECT 9007199254740991, -9007199254740992, 9223372036854775807, 1e999, -1e999, 1e300, 1.5", "", `{"columns":["9007199254740991","-9007199254740992","9223372036854775807","1e999","-1e999","1e300","1.5"],"rows":[` +
			`[9007199254740991,{"$type":"int","value":"-9007199254740992"},{"$type":"int","value":"9223372036854775807"},{"$type":"float","value":"inf"},{"$type":"float","value":"-inf"},1e+300,1.5]],"truncated":false}`},
		{"SELECT id AS x, id AS x FROM item WHERE 0", "", `{"columns":["x","x"],"rows":[],"truncated":false}`},
		{"SELECT name FROM cheap; -- that is all", "", `{"columns":["name"],"rows":[["Nail"]],"truncated":false}`},
		{" ; ;/* one */ SELECT 1; /* two ; */ ; -- three\n ;/* open", "", `{"columns":["1"],"rows":[[1]],"truncated":false}`},
		{"SELECT ? + ?, ?, ?, ?", `, "parameters": [1, 2.5, "x'; DROP TABLE item", null, true]`, `{"columns":["? + ?","?","?","?"],"rows":[[3.5,"x'; DROP TABLE item",null,1]],"truncated":false}`},
		{"SELECT :a, @b, $c, :a", `, "parameters": {"a": "é\u0000f", "b": 9223372036854775807, ":x": 1, "$c": 1e300}`, ""},
		{"SELECT :a, @b, $c, :a", `, "parameters": {"a": "é", "b": 9223372036854775807, "$c": 1e300}`, `{"columns":[":a","@b","$c",":a"],"rows":[["é",{"$type":"int","value":"9223372036854775807"},1e+300,"é"]],"truncated":false}`},
		{"SELECT id FROM item ORDER BY id", `, "limit": 2`, `{"columns":["id"],"rows":[[1],[2]],"truncated":true}`},
		{"SELECT id FROM item ORDER BY id", `, "limit": 3`, `{"columns":["id"],"rows":[[1],[2],[3]],"truncated":false}`},
		{"WITH a AS (SELECT 1 AS x UNION SELECT 2) SELECT sum(x) FROM a", "", `{"columns":["sum(x)"],"rows":[[3]],"truncated":false}`},
		{"VALUES (1), (2)", "", `{"columns":["column1"],"rows":[[1],[2]],"truncated":false}`},
		{"SELECT value FROM json_each(?)", `, "parameters": ["[1,2]"]`, `{"columns":["value"],"rows":[[1],[2]],"truncated":false}`},
		{"SELECT name FROM pragma_table_info('item') LIMIT 1", "", `{"columns":["name"],"rows":[["id"]],"truncated":false}`},
		{"PRAGMA foreign_key_list(item)", "", `{"columns":["id","seq","table","from","to","on_update","on_delete","match"],"rows":[],"truncated":false}`},
		{"SELECT body FROM doc WHERE doc MATCH 'quick'", "", `{"columns":["body"],"rows":[["the quick brown fox"]],"truncated":false}`},
		{"SELECT id, low, high FROM box WHERE high < 4", "", `{"columns":["id","low","high"],"rows":[[1,2.0,3.0]],"truncated":false}`},
		{"SELECT CAST(x'ff41' AS TEXT)", "", `{"columns":["CAST(x'ff41' AS TEXT)"],"rows":[["\ufffdA"]],"truncated":false}`},
	} {
		args := fmt.Sprintf(`{"database": "shop", "query": %s%s}`, quote(c.query), c.more)
		if c.want == "" {
			if err := run.Fail("sql.query", args); err.Type != hostfuncs.ArgumentError {
				t.Errorf("%s: %+v", args, err)
			}
			continue
		}
		if got := run.Call("sql.query", args); got != c.want {
			t.Errorf("%s\ngave %s\nwant %s", args, got, c.want)
		}
	}
	run.Asked()
	run.Call("sql.query", `["shop", "SELECT 1"]`)
	run.Call("sql.tables", `["shop"]`)
	if got, want := run.Asked(), []string{"sql.query Database shop", "sql.query Database shop"}; !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
}

func TestTables(t *testing.T) {
	got := shop(t).Call("sql.tables", `["shop"]`)
	for _, want := range []string{
		`{"name":"broken","type":"view","columns":[]}`,
		`{"name":"cheap","type":"view","columns":[{"name":"name","type":"TEXT","not_null":false,"primary_key":false}]}`,
		`{"name":"item","type":"table","columns":[{"name":"id","type":"INTEGER","not_null":false,"primary_key":true},{"name":"name","type":"TEXT","not_null":true,"primary_key":false}`,
		`{"name":"secret","type":"table","columns":[{"name":"id","type":"INTEGER","not_null":false,"primary_key":true},{"name":"a \"b","type":"TEXT","not_null":false,"primary_key":false},{"name":"twice"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nis not in\n%s", want, got)
		}
	}
}

// TestOnlyReading sends what must never work, and looks at the file afterwards.
func TestOnlyReading(t *testing.T) {
	path := database(t, fixture)
	other := database(t, "CREATE TABLE private(x); INSERT INTO private VALUES ('classified')")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	run := newRun(t, sql.Config{Databases: []sql.Database{{Name: "shop", File: path}}})
	made := filepath.Join(filepath.Dir(path), "made.db")
	for _, query := range []string{
		"INSERT INTO item(name) VALUES ('x')", "UPDATE item SET name = 'x'", "DELETE FROM item", "DELETE FROM box", "INSERT INTO box VALUES (2, 3, 4)", "DELETE FROM box_node", "UPDATE box_rowid SET nodeno = 5", "REPLACE INTO item(id, name) VALUES (1, 'x')",
		"INSERT INTO item(name) VALUES ('x') RETURNING id", "WITH a AS (SELECT 1) DELETE FROM item", "EXPLAIN DELETE FROM item",
		"CREATE TABLE x(y)", "CREATE TEMP TABLE x(y)", "CREATE TEMP TABLE x AS SELECT * FROM item", "CREATE TEMP VIEW x AS SELECT 1", "CREATE VIRTUAL TABLE x USING fts5(y)",
		"CREATE TEMP TRIGGER x AFTER INSERT ON item BEGIN SELECT 1; END", "DROP TABLE item", "ALTER TABLE item RENAME TO x", "CREATE INDEX x ON item(name)", "REINDEX", "ANALYZE",
		"VACUUM", "VACUUM INTO '" + made + "'", "VACUUM INTO 'x.db'",
		"ATTACH '" + other + "' AS o", "ATTACH ':memory:' AS o", "ATTACH DATABASE '" + made + "' AS o", "DETACH main", "EXPLAIN ATTACH '" + other + "' AS o",
		"BEGIN", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "SAVEPOINT x", "RELEASE x",
		"PRAGMA query_only = 0", "PRAGMA query_only", "PRAGMA writable_schema = 1", "PRAGMA journal_mode = DELETE", "PRAGMA database_list", "PRAGMA user_version = 5",
		"PRAGMA temp_store_directory = '/'", "PRAGMA data_store_directory = '/'", "PRAGMA mmap_size = 1000000000", "PRAGMA cache_size = 1000000", "PRAGMA hard_heap_limit = 1000",
		"PRAGMA soft_heap_limit = 1", "PRAGMA max_page_count", "PRAGMA wal_checkpoint", "PRAGMA optimize", "PRAGMA trusted_schema = 1", "PRAGMA busy_timeout = 100000", "PRAGMA key = 'x'",
		"SELECT * FROM pragma_database_list", "SELECT file FROM pragma_database_list()", "SELECT * FROM pragma_query_only(0)", "SELECT * FROM pragma_journal_mode('delete')",
		"SELECT load_extension('" + other + "')", "SELECT load_extension('x', 'y')", "SELECT readfile('/etc/passwd')", "SELECT writefile('" + made + "', 'x')", "SELECT edit('x')",
		"SELECT * FROM fsdir('/')", "SELECT * FROM sqlite_dbpage", "SELECT fts3_tokenizer('x')", "SELECT fts3_tokenizer('x', x'0000000000000000')",
		"SELECT * FROM (SELECT load_extension('x'))", "SELECT CASE WHEN 1 THEN readfile('x') END", "SELECT json_patch('{}', '{}')", "SELECT geopoly_blob('[]')", "SELECT * FROM csv",
		"INSERT INTO doc(doc) VALUES ('rebuild')", "SELECT fts5(?)",
		"SELECT 1; SELECT 2", "SELECT 1; ATTACH '" + other + "' AS o", "SELECT 1;\n/**/ DROP TABLE item", "SELECT 1 /* x */; -- y\n DELETE FROM item;", "; SELECT 1; garbage",
		"", " ", ";", "-- nothing", "/* nothing */", "garbage", "SELECT", "SELECT * FROM private", "SELECT * FROM o.private", "SELECT (", "SELECT 'x", "\x00", "SELECT 1\x00; DROP TABLE item",
		"SELECT " + strings.Repeat("1+", 5000) + "1", "SELECT 1 " + strings.Repeat("UNION ALL SELECT 1 ", 200),
		"SELECT " + strings.Repeat("1,", 600) + "1", "SELECT 'x' LIKE '" + strings.Repeat("%a", 150) + "'", "SELECT '" + strings.Repeat("x", 65<<10) + "'",
	} {
		got, err := run.Try(t.Context(), "sql.query", fmt.Sprintf(`{"database": "shop", "query": %s}`, quote(query)))
		if err == nil {
			t.Errorf("%.100s returned %.200s", query, got)
			continue
		}
		shown := err.Message + err.Hint
		if err.Type == hostfuncs.TimeoutError || strings.TrimSpace(err.Message) == "" || strings.Contains(shown, filepath.Dir(path)) || strings.Contains(shown, "classified") || strings.Contains(shown, "host ?") {
			t.Errorf("%.100s: %+v", query, err)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("the file is not what it was (%v)", err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("there are new files: %v", files)
	}
}

// TestTime has queries that would never end, in the first row and after it.
func TestTime(t *testing.T) {
	path := database(t, fixture)
	run := newRun(t, sql.Config{Databases: []sql.Database{{Name: "shop", File: path, Timeout: 100 * time.Millisecond}}})
	endless := "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT "
	doubled := "WITH a0 AS (SELECT 1 AS x UNION ALL SELECT 2)"
	for i := range 30 {
		doubled += fmt.Sprintf(", a%d AS (SELECT p.x FROM a%d p, a%d q)", i+1, i, i)
	}
	for _, query := range []string{
		endless + "count(*) FROM c",
		"SELECT 1 UNION ALL SELECT * FROM (" + endless + "count(*) FROM c)",
		endless + "x FROM c WHERE x < 0",
		endless + "x FROM c ORDER BY x",
		endless + "group_concat(x) OVER () FROM c WHERE x % 1000000000 = 0",
		"SELECT count(*) FROM item a, item b, item c, item d, item e, item f, item g, item h, item i, item j, item k, item l, item m, item n, item o, item p, item q, item r",
		"WITH RECURSIVE c(x) AS (SELECT zeroblob(100000) UNION ALL SELECT x FROM c) SELECT count(*) FROM c ORDER BY x",
		doubled + " SELECT count(*) FROM a30",
	} {
		err := run.Fail("sql.query", fmt.Sprintf(`{"database": "shop", "query": %s}`, quote(query)))
		if err.Type != hostfuncs.TimeoutError && !strings.Contains(query, "a30") {
			t.Errorf("%.80s: %+v", query, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	slow := newRun(t, sql.Config{Databases: []sql.Database{{Name: "shop", File: path, Timeout: time.Hour}}})
	if _, err := slow.Try(ctx, "sql.query", fmt.Sprintf(`{"database": "shop", "query": %s}`, quote(endless+"count(*) FROM c"))); err == nil {
		t.Error("a query went on after the end of the run")
	}
}

// TestFunctionsThatNothingEnds gives functions values that a comparison of everything with everything would take minutes for.
func TestFunctionsThatNothingEnds(t *testing.T) {
	run := shop(t)
	call := func(query string) (string, *hostfuncs.Error) {
		return run.Try(t.Context(), "sql.query", fmt.Sprintf(`{"database": "shop", "query": %s}`, quote("WITH v(a, b) AS (SELECT hex(zeroblob(500000)), replace(hex(zeroblob(250000)), '0', '1')) "+query)))
	}
	for query, want := range map[string]string{
		"SELECT instr(a, substr(a, 1, 500000) || '1') FROM v":                      "[[0]]",
		"SELECT instr(CAST(a AS BLOB), CAST(b || '0' AS BLOB)) FROM v":             "[[0]]",
		"SELECT length(replace(a, substr(a, 1, 500000) || '1', 'x')) FROM v":       "[[1000000]]",
		"SELECT length(replace(a, substr(a, 1, 500000), 'x')) FROM v":              "[[2]]",
		"SELECT length(trim(a || '2', b || '0')) FROM v":                           "[[1]]",
		"SELECT length(ltrim(a || '2', b || '0')) FROM v":                          "[[1]]",
		"SELECT length(rtrim('2' || a, b || '0')) FROM v":                          "[[1]]",
		"SELECT a LIKE '%" + strings.Repeat("0%", 90) + "1' FROM v":                "[[0]]",
		"SELECT a GLOB '*" + strings.Repeat("0*", 90) + "1' FROM v":                "[[0]]",
		"SELECT json_valid('[' || replace(substr(a, 1, 400000), '0', '[')) FROM v": "[[0]]",
	} {
		if got, err := call(query); err != nil || !strings.Contains(got, want) {
			t.Errorf("%s: %.100s %+v", query, got, err)
		}
	}
}

// TestOwnFunctions compares the functions that are not SQLite's own with SQLite's.
func TestOwnFunctions(t *testing.T) {
	run := shop(t)
	db, err := gosql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	values := []string{"''", "'a'", "'é'", "'aé'", "'éaéa'", "' a '", "NULL", "12", "1.5", "x'61'", "x'c3a961'", "x''", "'aaa'", "'aa'"}
	for _, x := range values {
		for _, y := range values {
			query := fmt.Sprintf("SELECT json_array(instr(%[1]s, %[2]s), quote(replace(%[1]s, %[2]s, 'é')), quote(replace(%[1]s, 'a', %[2]s)), trim(%[1]s, %[2]s), ltrim(%[1]s, %[2]s), rtrim(%[1]s, %[2]s), trim(%[1]s), "+
				"typeof(replace(%[1]s, %[2]s, 1)), typeof(trim(%[1]s, %[2]s)))", x, y)
			var want string
			if err := db.QueryRow(query).Scan(&want); err != nil {
				t.Fatal(err)
			}
			var got struct{ Rows [][]string }
			if err := json.Unmarshal([]byte(run.Call("sql.query", fmt.Sprintf(`["shop", %s]`, quote(query)))), &got); err != nil || got.Rows[0][0] != want {
				t.Errorf("%s\ngave %v\nwant %s", query, got.Rows, want)
			}
		}
	}
}

func TestLimitsOfResults(t *testing.T) {
	run := newRun(t, sql.Config{MaxBytes: 10_000, Databases: []sql.Database{{Name: "shop", File: database(t, fixture), MaxRows: 500}}})
	call := func(query string) (string, *hostfuncs.Error) {
		return run.Try(t.Context(), "sql.query", fmt.Sprintf(`{"database": "shop", "query": %s}`, quote(query)))
	}
	numbers := "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT "
	if got, err := call(numbers + "1 FROM c"); err != nil || strings.Count(got, "[1]") != 500 || !strings.HasSuffix(got, `],"truncated":true}`) {
		t.Errorf("rows without end: %.100s %+v", got, err)
	}
	if got, err := call(numbers + "hex(zeroblob(500)) FROM c"); err != nil || len(got) > 10_100 || strings.Count(got, "[") != 11 || !strings.HasSuffix(got, `],"truncated":true}`) {
		t.Errorf("bytes without end: %d, %+v", len(got), err)
	}
	if _, err := call("SELECT zeroblob(900000)"); err == nil || !strings.Contains(err.Message, "first row alone") {
		t.Errorf("a value larger than the result: %+v", err)
	}
	for _, query := range []string{"SELECT zeroblob(2000000)", "SELECT length(replace(hex(zeroblob(500000)), '0', 'abcdefgh'))", "SELECT printf('%.*c', 2000000, 'x')", "SELECT length(group_concat(hex(zeroblob(100000)))) FROM item a, item b, item c"} {
		if _, err := call(query); err == nil || !strings.Contains(err.Message, "longer than 1048576") {
			t.Errorf("%s: %+v", query, err)
		}
	}
}

func TestBadArguments(t *testing.T) {
	run := shop(t)
	for _, args := range []string{
		`{}`, `["shop"]`, `["shop", 1]`, `["shop", "SELECT ?", []]`, `["shop", "SELECT ?", [1, 2]]`, `["shop", "SELECT ?"]`, `["shop", "SELECT 1", [1]]`, `["shop", "SELECT ?", {"a": 1}]`,
		`["shop", "SELECT :a", {"b": 1}]`, `["shop", "SELECT :a", {"a": 1, "b": 1}]`, `["shop", "SELECT ?", [[1]]]`, `["shop", "SELECT ?", [{"a": 1}]]`, `["shop", "SELECT ?", "x"]`,
		`["shop", "SELECT 1", null, 0]`, `["shop", "SELECT 1", null, -1]`, `["Shop", "SELECT 1"]`, `["", "SELECT 1"]`,
	} {
		if err := run.Fail("sql.query", args); err.Type != hostfuncs.ArgumentError {
			t.Errorf("%s: %+v", args, err)
		}
	}
	if err := run.Fail("sql.tables", `["shoop"]`); err.Hint != "did you mean shop?" {
		t.Errorf("%+v", err)
	}
}

func TestWriterBeside(t *testing.T) {
	path := database(t, "PRAGMA journal_mode = WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)")
	run := newRun(t, sql.Config{Databases: []sql.Database{{Name: "db", File: path}}})
	if got := run.Call("sql.query", `["db", "SELECT x FROM t"]`); !strings.Contains(got, "[[1]]") {
		t.Errorf("WAL: %s", got)
	}
	path = database(t, "CREATE TABLE t(x); INSERT INTO t VALUES (1)")
	run = newRun(t, sql.Config{Databases: []sql.Database{{Name: "db", File: path, Timeout: 50 * time.Millisecond}}})
	db, err := gosql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN EXCLUSIVE; INSERT INTO t VALUES (2)"); err != nil {
		t.Fatal(err)
	}
	if err := run.Fail("sql.query", `["db", "SELECT x FROM t"]`); err.Type != hostfuncs.TimeoutError && !strings.Contains(err.Message, "writing") {
		t.Errorf("locked: %+v", err)
	}
	if _, err := db.Exec("COMMIT"); err != nil {
		t.Fatal(err)
	}
	if got := run.Call("sql.query", `["db", "SELECT x FROM t"]`); !strings.Contains(got, "[[1],[2]]") {
		t.Errorf("afterwards: %s", got)
	}
}

func TestSideBySide(t *testing.T) {
	run := shop(t)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if got, err := run.Try(context.Background(), "sql.query", `["shop", "SELECT count(*) FROM item"]`); err != nil || !strings.Contains(got, "[[3]]") {
				t.Errorf("%s %+v", got, err)
			}
		})
	}
	wg.Wait()
}

func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	good := database(t, fixture)
	for _, list := range [][]sql.Database{
		{{Name: "a", File: text}}, {{Name: "a", File: dir}}, {{Name: "a", File: filepath.Join(dir, "none.db")}}, {{Name: "", File: good}}, {{Name: "a", File: good}, {Name: "a", File: good}}, {{Name: "a", File: ":memory:"}},
	} {
		if _, err := sql.New(sql.Config{Databases: list}); err == nil {
			t.Errorf("%v was accepted", list)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "none.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a database was made: %v", err)
	}
}

func TestFileThatGoesBad(t *testing.T) {
	path := database(t, fixture)
	run := newRun(t, sql.Config{Databases: []sql.Database{{Name: "shop", File: path}}})
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"text": []byte(strings.Repeat("not a database ", 1000)), "half": good[:len(good)/2], "gone": nil} {
		os.Remove(path)
		if text != nil {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := run.Fail("sql.query", `["shop", "SELECT * FROM item, secret, doc"]`)
		if shown := err.Message + err.Hint; strings.Contains(shown, filepath.Dir(path)) || strings.Contains(shown, "host ?") {
			t.Errorf("%s: %+v", name, err)
		}
	}
}

func BenchmarkQuery(b *testing.B) {
	run := shop(b)
	for b.Loop() {
		run.Call("sql.query", `["shop", "SELECT name FROM item WHERE id = ?", [2]]`)
	}
}
