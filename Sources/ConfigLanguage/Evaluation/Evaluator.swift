/// Evaluates expressions and calls functions within limits.
public final class Evaluator {
}
