package import Monitoring
package import Spool
package import UplinkMessages

/// What happens to a destination's delivery.
package enum DeliveryEvent: Sendable {
    /// What the spool holds for this destination, once, before everything else.
    case loaded(lanes: [Lane], unresolved: [UnresolvedLease])
    /// New results are durable; by object, how many.
    case accepted([ObjectName: Int])
    /// A batch was committed.
    case exchanged(DeliveryAnswer)
    /// A batch was not committed; all of it is still to be done.
    case exchangeFailed(text: String)
    /// The delivered results that no read has confirmed yet, as they were in this round.
    case keptLoaded(round: Int, [KeptLane])
    /// The verdicts over kept results were stored.
    case keptJudged(round: Int, KeptJudgement)
    /// The spool could not be read or written for kept results.
    case keptFailed(round: Int, text: String)
    /// An uplink process is ready.
    case uplinkStarted
    /// The uplink process is gone.
    case uplinkLost(text: String)
    /// The uplink says something about this destination.
    case uplink(UplinkMessage)
    /// Deliver everything now: waits end, parked objects are tried once more.
    case hurry
    /// An operator wants these lanes tried now, and may have queued results again.
    case retry([RetriedLane])
    /// Try a failed connection again now.
    case hurryLink
    /// Watch for requested rechecks of exactly these objects.
    case watch(Set<ObjectName>)
    /// What waits of this object goes before what waits of others.
    case urgent(ObjectName)
    /// Nothing more is to go out; what is out is still settled.
    case windDown
    /// The same until the next uplink is ready.
    case pause
    /// Time has passed.
    case tick
}

/// What delivery wants done, in this order.
package enum DeliveryAction: Sendable {
    /// Commit this, then tell `.exchanged` or `.exchangeFailed`. One at a time.
    case exchange(DeliveryBatch)
    /// Tell the uplink.
    case send(DaemonMessage)
    /// Read the kept lanes, then tell `.keptLoaded` with the round: what an earlier one read may
    /// lack what was delivered since.
    case loadKept(round: Int)
    /// Store what reads said about kept results, then tell `.keptJudged` with the round.
    case judgeKept(round: Int, [KeptVerdict])
    /// Have a result of the forwarder's own health made, see ``DeliverySettings/healthObject``.
    case wantHealth
    /// Somebody asks for these checks on the master; told again in every round while they stand,
    /// and once without any, when the master is looked at first.
    case recheckDemanded(RecheckRound)
    /// Tell `.tick` at this monotonic time; replaces the earlier wish.
    case wake(at: Duration)
}

/// What became of the verdicts over kept results.
package struct KeptJudgement: Sendable, Hashable {
    /// Lanes with results to send again.
    package var again: [Lane] = []
    /// Objects of which the master holds something newer than all that was ever sent.
    package var overtaken: [ObjectName] = []
    /// False when what was proved could not be forgotten: it is compared again later.
    package var isProofStored = true
}

/// What a read says about one object's kept results.
package struct KeptVerdict: Sendable, Hashable {
    /// Whose results.
    package var object: ObjectName
    /// What the master held.
    package var held: Timestamp?
    /// The lowest stamp of the newest of them.
    package var newest: Timestamp
    /// True when results above `held` are to be sent again; those up to it are proved if they
    /// were acknowledged before `provedBefore`.
    package var isForgotten: Bool
    /// Results acknowledged before this, by this host's clock, need no more proof; nil when none is
    /// certainly old enough.
    package var provedBefore: Timestamp?
}
