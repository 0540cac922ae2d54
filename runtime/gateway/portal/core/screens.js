// The screens, in the order of the menu. All but the first are loaded when they are opened.

/** @typedef {{path: string, tag: string, title: string, icon: import('./icons.js').Icon, load: () => Promise<unknown>, scope?: string, first?: boolean}} Screen */

/** @type {Screen[]} */
export const SCREENS = [
  { path: 'channels', tag: 'greenroom-channels', title: 'Channels', icon: 'channels', load: () => Promise.resolve(), first: true },
  { path: 'conversations', tag: 'greenroom-conversations', title: 'Conversations', icon: 'chats', load: () => import('../screens/conversations.js'), first: true },
  { path: 'why', tag: 'greenroom-why', title: 'Decisions', icon: 'why', load: () => import('../screens/why.js'), first: true },
  { path: 'waiting', tag: 'greenroom-waiting', title: 'Held and waiting', icon: 'waiting', load: () => import('../screens/waiting.js') },
  { path: 'people', tag: 'greenroom-people', title: 'People', icon: 'people', load: () => import('../screens/people.js') },
  { path: 'usage', tag: 'greenroom-usage', title: 'Usage', icon: 'usage', load: () => import('../screens/usage.js') },
  { path: 'assistants', tag: 'greenroom-assistants', title: 'Assistants', icon: 'assistants', load: () => import('../screens/assistants.js') },
  { path: 'health', tag: 'greenroom-health', title: 'Health', icon: 'health', load: () => import('../screens/health.js') },
  { path: 'settings', tag: 'greenroom-settings', title: 'Settings', icon: 'settings', load: () => import('../screens/settings.js') },
  { path: 'more', tag: 'greenroom-more', title: 'More', icon: 'more', load: () => import('../screens/more.js') },
];
