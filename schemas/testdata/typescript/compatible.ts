// Whoever has the types of the last release can read the events of today, of every type that there was. It never runs.

import type * as today from "./meetbus.js";
import type * as then from "./released.js";

type Types = keyof then.MeetbusData | then.UnmappedType | "meetbus.deadletter";
declare const written: { [Type in Types]: today.MeetbusEventOf<Type> };
export const read: { [Type in Types]: then.MeetbusEventOf<Type> } = written;

declare const prefixed: { [Type in Types]: today.MeetbusEventOf<Type, "com.example."> };
export const readPrefixed: { [Type in Types]: then.MeetbusEventOf<Type, "com.example."> } = prefixed;
