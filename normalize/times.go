package normalize

import (
	"strings"
	"time"

	"github.com/meetbus/meetbus/schemas"
)

const (
	toSecond     = "2006-01-02T15:04:05"
	toNanosecond = toSecond + ".000000000"
)

// timestamp returns the time that text is, in UTC and with as many digits of a second as it has, at most nine. The empty
// timestamp stands for every text that is no possible time, or has no zone: nothing is rolled over and nothing guessed.
func timestamp(text string) schemas.Timestamp {
	text, end := rfc3339(text)
	t, possible := instant(text)
	switch {
	case !possible:
		return ""
	case text[end:] == "Z":
		return schemas.Timestamp(text)
	}
	return schemas.Timestamp(t.Format(toNanosecond[:end] + "Z"))
}

// instant returns the time, in UTC, that text of the shape of RFC 3339 is.
func instant(text string) (t time.Time, possible bool) {
	if text == "" {
		return time.Time{}, false // no error is made of what is usual
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, false
	}
	t = t.UTC()
	return t, 1 <= t.Year() && t.Year() <= 9999
}

// rfc3339 returns text if it has the shape of RFC 3339, else nothing, and where its zone begins. The shape must be looked at
// because time.Parse takes 8:00:03, 08:00:03,5 and a zone of 24 hours. Dyte writes a blank instead of the T in the times of
// recordings and expiries.
func rfc3339(text string) (shaped string, end int) {
	const day = len("2006-01-02")
	if len(text) <= len(toSecond) {
		return "", 0
	}
	if text[day] == ' ' {
		text = text[:day] + "T" + text[day+1:]
	}
	if !like(text[:len(toSecond)], "0000-00-00T00:00:00") {
		return "", 0
	}
	end = len(toSecond)
	for end < len(text) && (text[end] == '.' || isDigit(text[end])) {
		end++
	}
	zone := text[end:]
	if !isFraction(text[len(toSecond):end]) || !isZone(zone) {
		return "", 0
	}
	if end > len(toNanosecond) {
		return text[:len(toNanosecond)] + zone, len(toNanosecond)
	}
	return text, end
}

// isFraction says whether s is a point and digits, or nothing.
func isFraction(s string) bool {
	return s == "" || len(s) > 1 && s[0] == '.' && strings.LastIndexByte(s, '.') == 0
}

func isZone(s string) bool {
	offset := like(s, "+00:00") || like(s, "-00:00")
	return s == "Z" || offset && s[1:3] < "24" && s[4:] < "60"
}

// like says whether s has the shape given: a digit where it has 0, else the same character.
func like(s, shape string) bool {
	if len(s) != len(shape) {
		return false
	}
	for i := range len(s) {
		if shape[i] == '0' && !isDigit(s[i]) || shape[i] != '0' && s[i] != shape[i] {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
