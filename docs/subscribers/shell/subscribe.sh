#!/bin/sh
# Prints a line an event: all that there is, then what comes. NATS_URL says where, if not at nats://127.0.0.1:4222.
meetbus tail --all -o json | jq -r --unbuffered '
  [.type, .subject, if .type == "meeting.participantJoined" then .data.participant.name else .status end] | join(" ")'
