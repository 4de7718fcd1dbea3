// Collections of Unofficial Communities, catalog unofficial-communities 1.2.0, for mongosh.
// Written by `daybook emit mongodb --app unofficial-communities`; changes belong in the catalog.
//
// A validator knows no defaults, no formats and no references: references are written out, a UUID
// is binary data or text, a date is a date of BSON (in the data of events also text, as it is
// sent), a decimal any number, and other formats are text. Fields that may be missing may be null.
// A document's primary key is `_id`. Keywords that a validator does not have are named in the
// description of the schema that uses them. Consent, sampling and retention are Daybook's, and
// nothing of them is here.

// What happened.
db.createCollection("events", {
  "validator": {
    "$jsonSchema": {
      "bsonType": "object",
      "required": [
        "_id",
        "event_name",
        "timestamp",
        "source",
        "properties"
      ],
      "properties": {
        "_id": {
          "bsonType": [
            "binData",
            "string"
          ],
          "description": "The event's id."
        },
        "event_name": {
          "description": "The event type."
        },
        "timestamp": {
          "bsonType": "date",
          "description": "When it happened."
        },
        "source": {
          "enum": [
            "frontend",
            "api",
            "server",
            "job",
            "webhooks"
          ]
        },
        "environment": {
          "enum": [
            "production",
            "staging",
            "development",
            null
          ]
        },
        "identity_id": {
          "bsonType": [
            "int",
            "long",
            "null"
          ],
          "description": "The person."
        },
        "anonymous_id": {
          "bsonType": [
            "string",
            "null"
          ],
          "description": "The person, by a name that tells nothing."
        },
        "session_id": {
          "bsonType": [
            "string",
            "null"
          ],
          "description": "The session."
        },
        "community_id": {
          "bsonType": [
            "int",
            "long",
            "null"
          ],
          "description": "The tenant, community or workspace."
        },
        "request_id": {
          "bsonType": [
            "string",
            "null"
          ],
          "description": "The request, for tracing."
        },
        "properties": {
          "bsonType": "object",
          "description": "What the event type's schema describes."
        }
      },
      "anyOf": [
        {
          "properties": {
            "event_name": {
              "enum": [
                "age.appeal_opened"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "case_id": {
                  "bsonType": [
                    "string",
                    "int",
                    "long"
                  ],
                  "description": "Case objected to."
                }
              },
              "required": [
                "case_id"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person objected to having been turned away."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "age.appeal_resolved"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "case_id": {
                  "bsonType": [
                    "string",
                    "int",
                    "long"
                  ],
                  "description": "Case objected to."
                },
                "outcome": {
                  "bsonType": "string",
                  "description": "What was decided, such as `upheld` or `overturned`."
                }
              },
              "required": [
                "case_id",
                "outcome"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "An objection was decided."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "age.blocked"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "age_band": {
                  "bsonType": "string",
                  "description": "Band, such as `13-17`."
                },
                "gate": {
                  "bsonType": "string",
                  "enum": [
                    "A",
                    "B"
                  ],
                  "description": "Gate that turned them away."
                }
              },
              "required": [
                "age_band",
                "gate"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person was turned away as under 18."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "age.case_resolved"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "case_id": {
                  "bsonType": [
                    "string",
                    "int",
                    "long"
                  ],
                  "description": "The case, as the case system numbers it."
                },
                "outcome": {
                  "bsonType": "string",
                  "description": "What was found."
                },
                "action_taken": {
                  "bsonType": "string",
                  "description": "What was done about it."
                }
              },
              "required": [
                "case_id",
                "outcome",
                "action_taken"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "People decided a case about a person's age."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "age.declared"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "age_band": {
                  "bsonType": "string",
                  "description": "Band, such as `18-24`."
                },
                "assurance_level": {
                  "bsonType": [
                    "string",
                    "int",
                    "long"
                  ],
                  "description": "How much the declaration is worth."
                }
              },
              "required": [
                "age_band",
                "assurance_level"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person told their date of birth at gate A; only the band it falls in is kept."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "age.feature_blocked"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "feature": {
                  "bsonType": "string",
                  "description": "The feature."
                },
                "reason": {
                  "bsonType": "string",
                  "description": "Why, as a code."
                },
                "required_level": {
                  "bsonType": [
                    "string",
                    "int",
                    "long"
                  ],
                  "description": "Assurance it would have taken."
                }
              },
              "required": [
                "feature",
                "reason",
                "required_level"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "Gate C kept a person from a feature."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "age.gate_presented"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "gate": {
                  "bsonType": "string",
                  "enum": [
                    "A",
                    "B",
                    "C"
                  ],
                  "description": "Which gate."
                },
                "trigger": {
                  "bsonType": "string",
                  "description": "What the person was about to do."
                }
              },
              "required": [
                "gate",
                "trigger"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person was shown an age gate."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "age.level_upgraded"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "old_level": {
                  "bsonType": [
                    "string",
                    "int",
                    "long"
                  ],
                  "description": "Assurance before."
                },
                "new_level": {
                  "bsonType": [
                    "string",
                    "int",
                    "long"
                  ],
                  "description": "Assurance now."
                },
                "reason": {
                  "bsonType": "string",
                  "description": "What raised it, as a code."
                }
              },
              "required": [
                "old_level",
                "new_level",
                "reason"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "The app is surer of a person's age than before."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "age.minor_flagged"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "signal_type": {
                  "bsonType": "string",
                  "description": "What gave rise to it."
                },
                "risk_score": {
                  "bsonType": [
                    "double",
                    "int",
                    "long"
                  ],
                  "description": "How strong the suspicion is, on the scale of whatever raised it."
                }
              },
              "required": [
                "signal_type",
                "risk_score"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "Something suggests that a person is a minor, and a case was opened for people to look at."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "age.revalidated"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "matched": {
                  "bsonType": "bool",
                  "description": "Whether the check agrees with what was declared."
                },
                "discrepancy_days": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "description": "Days between the two dates of birth, 0 where they agree."
                },
                "new_level": {
                  "bsonType": [
                    "string",
                    "int",
                    "long"
                  ],
                  "description": "Assurance after the check."
                }
              },
              "required": [
                "matched",
                "discrepancy_days",
                "new_level"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person went through the check of gate B."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "community.created"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "visibility": {
                  "bsonType": "string",
                  "description": "Who can find it, such as `public` or `private`."
                },
                "owner_id_hash": {
                  "bsonType": "string",
                  "description": "Hash of the founder's identity."
                }
              },
              "required": [
                "visibility",
                "owner_id_hash"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person founded a community."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "community.invite.created"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community invited to."
                }
              }
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A member made an invitation."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "community.invite.used"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community invited to."
                }
              }
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "Someone came in by an invitation."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "community.member.joined"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "method": {
                  "bsonType": "string",
                  "description": "The way in, such as `invite`, `link` or `signup`."
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community joined."
                }
              },
              "required": [
                "method"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person became a member."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "community.member.left"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "reason": {
                  "bsonType": "string",
                  "description": "Reason chosen on leaving, as a code."
                },
                "days_member": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Whole days of membership."
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community left."
                }
              },
              "required": [
                "reason",
                "days_member"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A member left of their own accord."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "community.member.removed"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "by_role": {
                  "bsonType": "string",
                  "description": "Role of whoever did it, such as `moderator`; never the person."
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community removed from."
                }
              },
              "required": [
                "by_role"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "An administrator ended a membership."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "gamification.level.up"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "old_level": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Level before."
                },
                "new_level": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 1,
                  "description": "Level now; more than one step is possible."
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community in which the level counts."
                }
              },
              "required": [
                "old_level",
                "new_level"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person's points passed the threshold of a higher level."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "gamification.mission.assigned"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "mission_count": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Missions given."
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community the missions belong to."
                }
              },
              "required": [
                "mission_count"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "The daily job gave a person the missions of the day."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "gamification.mission.completed"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "mission_type": {
                  "bsonType": "string",
                  "description": "Kind of mission, such as `send_messages`."
                },
                "xp_awarded": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Points earned by it."
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community the mission belongs to."
                }
              },
              "required": [
                "mission_type",
                "xp_awarded"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person finished one mission."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "gamification.ranking.updated"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community whose ranking it is."
                },
                "top_3_changed": {
                  "bsonType": "bool",
                  "description": "Whether other people lead than the week before."
                }
              },
              "required": [
                "top_3_changed"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "The weekly job closed a community's ranking and opened the next."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "gamification.streak.broken"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "previous_streak": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 1,
                  "description": "Days the streak had lasted."
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community in which the streak counted."
                }
              },
              "required": [
                "previous_streak"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "The nightly job found a day missed and ended the streak."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "gamification.streak.continued"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "streak_day": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 1,
                  "description": "Days in a row, today included."
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community in which the streak counts."
                }
              },
              "required": [
                "streak_day"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person was active on one more day in a row."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "gamification.streak.milestone"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "milestone": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "enum": [
                    7,
                    30,
                    100
                  ],
                  "description": "Days in a row."
                },
                "bonus_xp": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Points on top."
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community in which the streak counts."
                }
              },
              "required": [
                "milestone",
                "bonus_xp"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A streak reached a length that earns a bonus."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "gamification.streak.started"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community in which the streak counts."
                }
              }
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person was active on a day after none, which begins a streak."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "gamification.xp.awarded"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "amount": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Points given."
                },
                "source": {
                  "bsonType": "string",
                  "description": "What they were given for, such as `mission` or `streak`."
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community in which they count."
                }
              },
              "required": [
                "amount",
                "source"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person was given experience points."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "system.health.degraded"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "service": {
                  "bsonType": "string",
                  "description": "The service."
                },
                "check_name": {
                  "bsonType": "string",
                  "description": "The check that failed."
                }
              },
              "required": [
                "service",
                "check_name"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A health check of a service failed."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "system.health.recovered"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "service": {
                  "bsonType": "string",
                  "description": "The service."
                },
                "downtime_seconds": {
                  "bsonType": [
                    "double",
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Time it was not healthy, in seconds."
                }
              },
              "required": [
                "service",
                "downtime_seconds"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A service is healthy again."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "system.job.completed"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "job_name": {
                  "bsonType": "string",
                  "description": "The job."
                },
                "duration_ms": {
                  "bsonType": [
                    "double",
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Time it took, in milliseconds."
                }
              },
              "required": [
                "job_name",
                "duration_ms"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A background job did its work."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "system.job.failed"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "job_name": {
                  "bsonType": "string",
                  "description": "The job."
                },
                "error": {
                  "bsonType": "string",
                  "description": "The error, as a code or in words that name nobody."
                }
              },
              "required": [
                "job_name",
                "error"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A background job stopped with an error."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "system.job.started"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "job_name": {
                  "bsonType": "string",
                  "description": "The job."
                }
              },
              "required": [
                "job_name"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A background job began."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "system.shutdown"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "service": {
                  "bsonType": "string",
                  "description": "The service."
                },
                "uptime_seconds": {
                  "bsonType": [
                    "double",
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Time it ran, in seconds."
                }
              },
              "required": [
                "service",
                "uptime_seconds"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A service is going down on purpose."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "system.startup"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "service": {
                  "bsonType": "string",
                  "description": "The service."
                },
                "version": {
                  "bsonType": "string",
                  "description": "Version it runs."
                }
              },
              "required": [
                "service",
                "version"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A service came up."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "user.login.completed"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "session_id_hash": {
                  "bsonType": "string",
                  "description": "Hash of the session's id, to find its other events by."
                }
              },
              "required": [
                "session_id_hash"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person was let in and has a session."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "user.login.failed"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "reason": {
                  "bsonType": "string",
                  "description": "Why, as a code such as `otp_invalid` or `account_locked`."
                }
              },
              "required": [
                "reason"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A login was refused."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "user.login.started"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "phone_prefix": {
                  "bsonType": "string",
                  "maxLength": 7,
                  "description": "Dialling prefix, never the number."
                }
              },
              "required": [
                "phone_prefix"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "Someone opened the login form and typed a phone number; who it is, is not known yet."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "user.logout.completed"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "session_duration_seconds": {
                  "bsonType": [
                    "double",
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "From login to logout, in seconds."
                }
              },
              "required": [
                "session_duration_seconds"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person ended their own session."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "user.session.expired"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "inactive_days": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Whole days since it was last used."
                }
              },
              "required": [
                "inactive_days"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A session was closed because nobody had used it for too long."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "user.signup.completed"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "has_avatar": {
                  "bsonType": "bool",
                  "description": "Whether a picture was chosen on the way."
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community the person signed up to."
                }
              },
              "required": [
                "has_avatar"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A profile exists; from here on the person has an identity."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "user.signup.otp_sent"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "delivery_method": {
                  "bsonType": "string",
                  "description": "How the code travels, such as `sms` or `whatsapp`."
                }
              },
              "required": [
                "delivery_method"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "The one-time code of a sign-up was handed to the carrier."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "user.signup.otp_verified"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "attempts_used": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 1,
                  "description": "Codes tried, the right one included."
                }
              },
              "required": [
                "attempts_used"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "The person typed the right one-time code."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "user.signup.started"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "phone_prefix": {
                  "bsonType": "string",
                  "maxLength": 7,
                  "description": "Dialling prefix, never the number."
                }
              },
              "required": [
                "phone_prefix"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "Someone opened the sign-up form and typed a phone number; there is no account yet."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "webhook.dead_lettered"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "source": {
                  "bsonType": "string",
                  "description": "Service that called."
                },
                "event_type": {
                  "bsonType": "string",
                  "description": "What it called about, in its own words."
                }
              },
              "required": [
                "source",
                "event_type"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A call failed as often as it may and waits for a person to look at it."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "webhook.failed"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "source": {
                  "bsonType": "string",
                  "description": "Service that called."
                },
                "event_type": {
                  "bsonType": "string",
                  "description": "What it called about, in its own words."
                },
                "error_code": {
                  "bsonType": [
                    "string",
                    "int",
                    "long"
                  ],
                  "description": "What went wrong, as a code or an HTTP status."
                }
              },
              "required": [
                "source",
                "event_type",
                "error_code"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A call could not be handled; it may be tried again."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "webhook.processed"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "source": {
                  "bsonType": "string",
                  "description": "Service that called."
                },
                "event_type": {
                  "bsonType": "string",
                  "description": "What it called about, in its own words."
                },
                "duration_ms": {
                  "bsonType": [
                    "double",
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Time it took, in milliseconds."
                }
              },
              "required": [
                "source",
                "event_type",
                "duration_ms"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A call was handled."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "webhook.received"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "source": {
                  "bsonType": "string",
                  "description": "Service that called."
                },
                "event_type": {
                  "bsonType": "string",
                  "description": "What it called about, in its own words."
                }
              },
              "required": [
                "source",
                "event_type"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "Another service called."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "webhook.retried"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "source": {
                  "bsonType": "string",
                  "description": "Service that called."
                },
                "attempt_number": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 1,
                  "description": "Which attempt this is."
                }
              },
              "required": [
                "source",
                "attempt_number"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A failed call is being tried again."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "whatsapp.member.joined"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community the group belongs to."
                },
                "identity_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Member who came in."
                },
                "joined_via": {
                  "bsonType": "string",
                  "description": "The way in, such as `invite_link` or `added_by_admin`.",
                  "pattern": "^\\S{1,64}$"
                }
              },
              "required": [
                "joined_via"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A member came into the group."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "whatsapp.member.left"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community the group belongs to."
                },
                "identity_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Member who went."
                },
                "left_reason": {
                  "bsonType": "string",
                  "description": "How it came about, such as `left` or `removed`.",
                  "pattern": "^\\S{1,64}$"
                }
              },
              "required": [
                "left_reason"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A member went out of the group."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "whatsapp.message.sent"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community the group belongs to."
                },
                "identity_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Member who wrote."
                },
                "timestamp_bucket": {
                  "bsonType": "string",
                  "description": "The day, or the start of the finer interval, that the activity is counted in.",
                  "anyOf": [
                    {
                      "description": "Not checked here: of the format date."
                    },
                    {}
                  ]
                }
              },
              "required": [
                "timestamp_bucket"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A member wrote to the community's WhatsApp group."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "whatsapp.reaction.added"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community the group belongs to."
                },
                "identity_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Member who reacted."
                },
                "timestamp_bucket": {
                  "bsonType": "string",
                  "description": "The day, or the start of the finer interval, that the activity is counted in.",
                  "anyOf": [
                    {
                      "description": "Not checked here: of the format date."
                    },
                    {}
                  ]
                }
              },
              "required": [
                "timestamp_bucket"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A member reacted to a message in the group."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "whatsapp.reply.sent"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community the group belongs to."
                },
                "identity_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Member who answered."
                },
                "timestamp_bucket": {
                  "bsonType": "string",
                  "description": "The day, or the start of the finer interval, that the activity is counted in.",
                  "anyOf": [
                    {
                      "description": "Not checked here: of the format date."
                    },
                    {}
                  ]
                }
              },
              "required": [
                "timestamp_bucket"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A member answered a message in the group."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "world.portal.activated"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "portal_direction": {
                  "bsonType": "string",
                  "description": "Which portal, by its direction."
                },
                "destination_community_id": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "description": "Community on the other side."
                },
                "destination_name": {
                  "bsonType": "string",
                  "description": "Name of that community as shown."
                },
                "reason_code": {
                  "bsonType": "string",
                  "description": "Why this destination was offered."
                }
              },
              "required": [
                "portal_direction",
                "destination_community_id",
                "destination_name",
                "reason_code"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person stepped into a portal and was shown where it leads."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "world.portal.traveled"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "source_community_id": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "description": "Community left."
                },
                "destination_community_id": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "description": "Community arrived in."
                },
                "portal_direction": {
                  "bsonType": "string",
                  "description": "Which portal, by its direction."
                },
                "travel_reason": {
                  "bsonType": "string",
                  "description": "Why the person went, as a code."
                }
              },
              "required": [
                "source_community_id",
                "destination_community_id",
                "portal_direction",
                "travel_reason"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person went through a portal and arrived in another community's world."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "world.presence.updated"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "zone_type": {
                  "bsonType": "string",
                  "description": "Zone the person is in.",
                  "enum": [
                    "central_hub",
                    "workshop",
                    "social_east",
                    "social_west",
                    "brand_zone",
                    "quiet_refuge",
                    "onboarding",
                    "portal_ne",
                    "portal_e",
                    "portal_se",
                    "portal_sw",
                    "portal_w",
                    "portal_nw"
                  ]
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community whose world it is."
                }
              },
              "required": [
                "zone_type"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person moved. Comes many times a minute from everyone, so only a share is kept."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "world.session.ended"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "duration_seconds": {
                  "bsonType": [
                    "double",
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Time connected, in seconds."
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community whose room it was."
                }
              },
              "required": [
                "duration_seconds"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person's client disconnected, on purpose or not."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "world.session.started"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community whose room it is."
                },
                "room_population": {
                  "bsonType": [
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "People in the room, the new one included."
                }
              },
              "required": [
                "room_population"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person's client connected to the room of a community."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "world.zone.entered"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "zone_type": {
                  "bsonType": "string",
                  "description": "Zone walked into.",
                  "enum": [
                    "central_hub",
                    "workshop",
                    "social_east",
                    "social_west",
                    "brand_zone",
                    "quiet_refuge",
                    "onboarding",
                    "portal_ne",
                    "portal_e",
                    "portal_se",
                    "portal_sw",
                    "portal_w",
                    "portal_nw"
                  ]
                },
                "from_zone": {
                  "bsonType": "string",
                  "description": "Zone they came from.",
                  "enum": [
                    "central_hub",
                    "workshop",
                    "social_east",
                    "social_west",
                    "brand_zone",
                    "quiet_refuge",
                    "onboarding",
                    "portal_ne",
                    "portal_e",
                    "portal_se",
                    "portal_sw",
                    "portal_w",
                    "portal_nw"
                  ]
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community whose world it is."
                }
              },
              "required": [
                "zone_type",
                "from_zone"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person walked into a zone."
        },
        {
          "properties": {
            "event_name": {
              "enum": [
                "world.zone.exited"
              ]
            },
            "properties": {
              "bsonType": "object",
              "properties": {
                "zone_type": {
                  "bsonType": "string",
                  "description": "Zone left.",
                  "enum": [
                    "central_hub",
                    "workshop",
                    "social_east",
                    "social_west",
                    "brand_zone",
                    "quiet_refuge",
                    "onboarding",
                    "portal_ne",
                    "portal_e",
                    "portal_se",
                    "portal_sw",
                    "portal_w",
                    "portal_nw"
                  ]
                },
                "duration_seconds": {
                  "bsonType": [
                    "double",
                    "int",
                    "long"
                  ],
                  "minimum": 0,
                  "description": "Time spent in it, in seconds."
                },
                "community_id": {
                  "bsonType": [
                    "int",
                    "long",
                    "null"
                  ],
                  "description": "Community whose world it is."
                }
              },
              "required": [
                "zone_type",
                "duration_seconds"
              ]
            }
          },
          "required": [
            "event_name",
            "properties"
          ],
          "description": "A person walked out of a zone. Dwell times are computed from this."
        }
      ]
    }
  },
  "validationLevel": "strict",
  "validationAction": "error"
});
db.getCollection("events").createIndex({"event_name":1,"timestamp":1});
db.getCollection("events").createIndex({"identity_id":1,"timestamp":1});
db.getCollection("events").createIndex({"session_id":1,"timestamp":1});
db.getCollection("events").createIndex({"community_id":1,"timestamp":1});
