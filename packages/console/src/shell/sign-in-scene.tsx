/** The flag tower at nightfall: three terraces, the pole, the flag. Decoration for the sign-in page. */
export function SignInScene() {
  return (
    <svg
      className="scene"
      viewBox="0 0 600 800"
      preserveAspectRatio="xMidYMax slice"
      aria-hidden="true"
      focusable="false"
    >
      <path className="scene-far" d="M-600 742h1800v60H-600z" />
      <path className="scene-1" d="M36 742l16-62h496l16 62z" />
      <path className="scene-edge" d="M52 680h496" />
      <path className="scene-2" d="M112 680l14-56h348l14 56z" />
      <path className="scene-edge" d="M126 624h348" />
      <path className="scene-3" d="M184 624l12-50h208l12 50z" />
      <path className="scene-edge" d="M196 574h208" />
      <path className="scene-gate" d="M286 742v-34a14 14 0 0 1 28 0v34z" />
      <path className="scene-pole" d="M297 176h6v398h-6zM291 380h18v4h-18zM288 480h24v4h-24z" />
      <path
        className="scene-flag"
        d="M303 184c30-14 52 12 84 4 16-4 30-10 44-10v84c-16 0-30 8-46 11-30 6-52-18-82-5z"
      />
    </svg>
  );
}
