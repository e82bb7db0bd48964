package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// each runs a test on SQLite, and on PostgreSQL where RECIPES_POSTGRES is the URL of a database to make schemas in.
func each(t *testing.T, test func(t *testing.T, of database)) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, database{"sqlite", "file:" + filepath.Join(t.TempDir(), "once.db") + settings})
	})
	if server := os.Getenv("RECIPES_POSTGRES"); server != "" {
		t.Run("postgres", func(t *testing.T) { test(t, fresh(t, server)) })
	}
}

// database is a driver, and a name that another process can open too.
type database struct{ driver, name string }

func (d database) open() (*sql.DB, error) {
	db, err := sql.Open(d.driver, d.name)
	if err != nil {
		return nil, err
	}
	return db, prepare(db)
}

// schemata counts the schemas that this process has made.
var schemata atomic.Int64

// fresh makes a schema for one test.
func fresh(t *testing.T, server string) database {
	t.Helper()
	name := fmt.Sprintf("once_%d_%d", os.Getpid(), schemata.Add(1))
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + name + " CASCADE")
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Exec("CREATE SCHEMA " + name); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return database{"pgx", u.String()}
}

func (d database) mustOpen(t *testing.T) *sql.DB {
	t.Helper()
	db, err := d.open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// joins are counted in a database for a meeting.
func joins(t *testing.T, db *sql.DB, meeting string) (n int) {
	t.Helper()
	row := db.QueryRowContext(context.Background(), `SELECT COALESCE(SUM(people), 0) FROM joins WHERE meeting = $1`, meeting)
	if err := row.Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
