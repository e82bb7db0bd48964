package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// alertsFile is what is proved here.
const alertsFile = "deploy/prometheus/alerts.yml"

// long is what nobody waits for: a rule that has a duration as long as this is shortened.
const long = time.Hour

var (
	ruleStart = regexp.MustCompile(`(?m)^ *- alert: `)
	alertName = regexp.MustCompile(`(?m)^ *- alert: (\w+)$`)
	// durations are those of a rule: after for:, of a window, of an offset. The seconds that a value is compared with are none of them.
	durations = regexp.MustCompile(`(for: |\[|offset )(\d+)([smhd])\b`)
	units     = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
)

// alertsIn are the names of the alerts in a file of rules, in its order.
func alertsIn(rules string) (names []string) {
	for _, found := range alertName.FindAllStringSubmatch(rules, -1) {
		names = append(names, found[1])
	}
	return names
}

// shorten divides all durations of those rules that have a long one, and returns the names of these.
func shorten(rules string, by int) (shortened string, names []string) {
	var text strings.Builder
	starts := append(ruleStart.FindAllStringIndex(rules, -1), []int{len(rules), 0})
	text.WriteString(rules[:starts[0][0]])
	for i, start := range starts[:len(starts)-1] {
		rule := rules[start[0]:starts[i+1][0]]
		if by > 1 && isLong(rule) {
			names = append(names, alertsIn(rule)[0])
			rule = divide(rule, by)
		}
		text.WriteString(rule)
	}
	return text.String(), names
}

func isLong(rule string) bool {
	for _, found := range durations.FindAllStringSubmatch(rule, -1) {
		if durationOf(found) >= long {
			return true
		}
	}
	return false
}

func divide(rule string, by int) string {
	return durations.ReplaceAllStringFunc(rule, func(text string) string {
		found := durations.FindStringSubmatch(text)
		return fmt.Sprint(found[1], (durationOf(found) / time.Duration(by)).Milliseconds(), "ms")
	})
}

func durationOf(found []string) time.Duration {
	n, _ := strconv.Atoi(found[2]) // digits
	return time.Duration(n) * units[found[3]]
}
