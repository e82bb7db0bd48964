package main

// scene is how one alert is made to fire.
type scene struct {
	alert string
	// fault says in words what is done, and mended what undoes it.
	fault, mended string
	// adapt changes the relay's configuration from the start.
	adapt func(settings)
	// inflict does it, and mend undoes it.
	inflict, mend func(*stage) error
	// beside are the alerts that the same fault may make fire, too.
	beside []string
}

// control is a relay where nothing happens.
var control = scene{fault: "none"}

// name is the stage's, and its job in Prometheus. The alert on relays that are gone is about the job that the rules expect.
func (s scene) name() string {
	switch s.alert {
	case "":
		return "control"
	case "MeetbusDown":
		return "meetbus"
	}
	return s.alert
}

// scenes are those of all alerts, in the order of the rules.
func scenes() []scene {
	return []scene{
		{alert: "MeetbusDown", fault: "the relay is killed", mended: "it is started again", inflict: killed, mend: (*stage).startRelay},
		{
			alert: "MeetbusNotReady", fault: "the NATS server is frozen, and there is no outbox", mended: "it goes on",
			adapt: withoutOutbox, inflict: frozen, mend: thawed, beside: []string{"MeetbusUnavailable"},
		},
		{
			alert: "MeetbusUnavailable", fault: "a relay is started for the first time while the provider's key cannot be fetched",
			mended: "it can be fetched", inflict: keyless, mend: keysBack,
		},
		{alert: "MeetbusSilent", fault: "the provider sends nothing more", mended: "it sends", inflict: behaving(manner{silent: true}), mend: well},
		{
			alert: "MeetbusRejecting", fault: "somebody forges signatures", mended: "nobody does",
			inflict: behaving(manner{forged: true}), mend: well, beside: []string{"MeetbusNothingTaken"},
		},
		{
			alert: "MeetbusNothingTaken", fault: "the provider signs with a key that its URL does not serve", mended: "with the one that it does",
			inflict: behaving(manner{forged: true}), mend: well, beside: []string{"MeetbusRejecting"},
		},
		{alert: "MeetbusDeadLetters", fault: "signed bodies that are no JSON", mended: "good ones", inflict: behaving(manner{body: notJSON}), mend: well},
		{alert: "MeetbusOutboxWaiting", fault: "the NATS server is frozen", mended: "it goes on", inflict: frozen, mend: thawed},
		{
			alert: "MeetbusOutboxFilling", fault: "the NATS server is frozen, the outbox has 2 MiB, and bodies 128 KiB", mended: "it goes on",
			adapt: smallOutbox, inflict: frozenUnderLoad, mend: thawed,
		},
		{
			alert: "MeetbusOutboxParked", fault: "max_payload and http.max_body are lowered while a larger event waits in the outbox",
			mended: "they are raised, and the relay is started again", adapt: largeBodies, inflict: limitsLowered, mend: limitsRaised,
		},
		{alert: "MeetbusStreamFilling", fault: "a stream of 4 MiB, and bodies of 128 KiB", mended: "the stream gets 64 MiB", adapt: smallStream, inflict: fourFifths, mend: largeStream},
		{alert: "MeetbusKeysFailing", fault: "the provider's key server answers 500", mended: "it answers", inflict: keysBroken, mend: keysBack},
		{
			alert: "MeetbusKeysStale", fault: "the same, and the copy of the key is of the day before yesterday", mended: "it answers",
			inflict: keysStale, mend: keysBack,
		},
		{alert: "MeetbusReloadFailed", fault: "a rule with an unknown type in the configuration", mended: "it is taken out", inflict: ruleBroken, mend: ruleMended},
		{alert: "MeetbusCertificateEnds", fault: "a certificate for 10 days", mended: "one for 90", inflict: renewedFor(ending), mend: renewedFor(fresh)},
		{alert: "MeetbusSlow", fault: "a sender who holds back the end of each body for 1.8 s", mended: "one who does not", inflict: behaving(manner{slow: true}), mend: well},
		{
			alert: "MeetbusRuleErrors", fault: "a rule asks for the session, and events have none", mended: "they have one",
			adapt: ruleOfSession, inflict: behaving(manner{body: withoutSession}), mend: well,
		},
	}
}
